"""Spread beyond errors."""

import numpy as np
import pytest

from fastsim.stats.excess import excess_rms, rms_beyond_errors


def test_errors_are_taken_off_in_squares():
    values, errors = np.array([5.0, -5.0]), np.array([3.0, 3.0])
    assert rms_beyond_errors(values, errors) == pytest.approx(4.0)
    assert rms_beyond_errors(errors, np.abs(values)) == 0.0
    assert rms_beyond_errors(values[:0], errors[:0]) is None


def test_values_known_badly_do_not_drown_the_others():
    rng = np.random.default_rng(1)
    errors = rng.lognormal(np.log(6.0), 0.8, size=500)
    for true in (0.0, 3.0):
        found = [
            rms_beyond_errors(np.hypot(errors, true) * rng.normal(size=500), errors)
            for _ in range(100)
        ]
        # in squares, of which the estimate is unbiased but for those below 0
        assert np.mean(np.square(found)) == pytest.approx(true**2, abs=1.0)
        assert np.std(found) < 1.0


def test_equal_samples_have_none():
    assert rms_beyond_errors(np.zeros(3), np.zeros(3)) == 0.0


def test_squares_of_chance_are_taken_off():
    assert excess_rms(14.0, 6.0, 2.0) == 2.0
    assert excess_rms(5.0, 6.0, 2.0) == 0.0
