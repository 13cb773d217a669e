"""Progress of long stages as plain lines on stderr, readable on a console and in a log file."""

import sys
import time
from types import TracebackType


def format_duration(seconds: float) -> str:
    """Return ``57 s``, ``1 min 57 s`` or ``2 h 05 min``."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


class Progress:
    """A context manager that prints rate and remaining time every few seconds.

    A line reads ``simulate part-0003: 420/1250 showers (34 %), 7.1/s, 1 min 57 s left``, the last
    one ``simulate part-0003: 1250 showers in 2 min 56 s, 7.1/s``; it is left out when the block
    raises.

    Args:
        total: units of work in all.
        label: what the line starts with.
        unit: plural name of a unit of work.
        every_seconds: least time between two lines.
    """

    def __init__(self, total: int, label: str, unit: str, every_seconds: float = 10.0) -> None:
        self.total = total
        self.label = label
        self.unit = unit
        self.every_seconds = every_seconds
        self.done = 0

    def __enter__(self) -> "Progress":
        self._start = self._last_line = time.monotonic()
        return self

    def advance(self, n: int = 1, note: str = "") -> None:
        """Count ``n`` more units as done; ``note`` ends the line, if one is due."""
        self.done += n
        now = time.monotonic()
        waiting = now - self._last_line < self.every_seconds
        if waiting or not 0 < self.done < self.total:
            return
        self._last_line = now
        rate = self.done / (now - self._start)
        left = format_duration((self.total - self.done) / rate)
        self._print(
            f"{self.done}/{self.total} {self.unit} ({100 * self.done / self.total:.0f} %), "
            f"{rate:.3g}/s, {left} left  {note}".rstrip()
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            seconds = time.monotonic() - self._start
            rate = self.done / max(seconds, 1e-9)
            self._print(f"{self.done} {self.unit} in {format_duration(seconds)}, {rate:.3g}/s")

    def _print(self, text: str) -> None:
        print(f"{self.label}: {text}", file=sys.stderr, flush=True)
