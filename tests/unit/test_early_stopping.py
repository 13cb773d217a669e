"""Which evaluation is the best, and when to stop waiting for a better one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsim.engine.early_stopping import EarlyStopping

SCORES = st.lists(st.floats(-5.0, 5.0) | st.just(math.nan), min_size=1, max_size=30)


def course(stopping, scores):
    return [stopping.update(step, score) for step, score in enumerate(scores)]


def test_it_waits_for_its_patience():
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    assert course(stopping, [1.0, 0.95, 0.5, math.nan]) == [True, False, True, False]
    assert not stopping.should_stop
    assert not stopping.update(4, 0.45)
    assert stopping.should_stop
    assert (stopping.best_step, stopping.best_score) == (2, 0.5)


def test_without_patience_it_never_stops():
    stopping = EarlyStopping()
    course(stopping, [1.0] * 100)
    assert not stopping.should_stop


def test_a_baseline_is_to_be_beaten_from_the_start():
    stopping = EarlyStopping(patience=2, baseline=0.5)
    assert course(stopping, [0.9, 0.6]) == [False, False]
    assert stopping.should_stop
    assert stopping.best_step == -1


@pytest.mark.parametrize(
    ("scores", "line"),
    [
        ([0.5], "0.5 is the best so far"),
        ([0.5, 0.7], "0.7 is no better than 0.5 of step 0; waited 1 of 3"),
        ([0.9], "0.9 is no better than 0.8, the baseline; waited 1 of 3"),
    ],
)
def test_a_line_tells_what_came_of_it(scores, line):
    stopping = EarlyStopping(patience=3, baseline=0.8)
    course(stopping, scores)
    assert stopping.verdict(scores[-1]) == line


@given(scores=SCORES, min_delta=st.sampled_from([0.0, 0.3]))
def test_the_best_is_as_good_as_any_up_to_the_smallest_change(scores, min_delta):
    stopping = EarlyStopping(min_delta=min_delta)
    improved = course(stopping, scores)
    numbers = [score for score in scores if not math.isnan(score)]
    if not numbers:
        assert stopping.best_step == -1
        return
    assert stopping.best_score == scores[stopping.best_step]
    assert min(numbers) >= stopping.best_score - min_delta - 1e-12
    assert stopping.waited == improved[::-1].index(True)


@given(scores=SCORES, cut=st.integers(0, 30))
def test_a_state_goes_on_as_if_nothing_had_been(scores, cut):
    whole, first, second = (EarlyStopping(patience=3, min_delta=0.1) for _ in range(3))
    expected = course(whole, scores)
    found = [first.update(step, score) for step, score in enumerate(scores[:cut])]
    second.load_state_dict(first.state_dict())
    found += [second.update(step, scores[step]) for step in range(cut, len(scores))]
    assert found == expected
    assert second.state_dict() == whole.state_dict()
    assert second.should_stop == whole.should_stop
