import pytest

from fastsim import progress
from fastsim.progress import Progress, format_duration


class Clock:
    """A clock that stands still until told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    return clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (117, "1 min 57 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text


def test_lines_tell_share_rate_and_remaining_time(clock, capsys):
    with Progress(1250, "simulate part-0003", "showers") as bar:
        clock.now += 9.0
        bar.advance(100)
        clock.now += 51.0
        bar.advance(320, note="warm")
        clock.now += 60.0
        bar.advance(830)
    assert capsys.readouterr().err.splitlines() == [
        "simulate part-0003: 420/1250 showers (34 %), 7/s, 1 min 59 s left  warm",
        "simulate part-0003: 1250 showers in 2 min 00 s, 10.4/s",
    ]


def test_no_last_line_after_an_error(clock, capsys):
    with pytest.raises(ValueError, match="broken"), Progress(2, "stage", "steps"):
        raise ValueError("broken")
    assert capsys.readouterr().err == ""
