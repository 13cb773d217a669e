"""Checks of whole arrays against looking at each value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fastsim.data.bounds import all_between, all_finite

VALUES = arrays.arrays(
    np.float32, st.tuples(st.integers(0, 5), st.integers(1, 3)), elements=st.floats(width=32)
)


@given(VALUES)
def test_all_finite_is_isfinite_of_each(values):
    assert all_finite(values) == np.isfinite(values).all()


@given(VALUES, st.floats(width=32, allow_nan=False), st.floats(width=32, allow_nan=False))
def test_all_between_compares_each(values, low, high):
    assert all_between(values, low, high) == ((values > low) & (values < high)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_value_among_many_is_seen(bad):
    values = np.full((100_000, 3), 1e30, np.float32)
    assert all_finite(values)
    values[77_777, 1] = bad
    assert not all_finite(values)
    assert not all_between(values, -np.inf, np.inf)
