import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fastsim.data.ragged import order_within_rows

FLOATS = st.floats(width=32, allow_nan=False) | st.sampled_from([-1.0, -0.0, 0.0, 1.0])


@given(st.lists(st.lists(FLOATS, max_size=6), max_size=12))
def test_rows_are_sorted_each_for_itself_and_equal_values_keep_their_order(rows):
    counts = np.array([len(row) for row in rows], dtype=np.int32)
    values = np.array([value for row in rows for value in row], dtype=np.float32)
    row = np.repeat(np.arange(len(rows)), counts)
    expected = np.lexsort((values, row))
    np.testing.assert_array_equal(order_within_rows(values, counts), expected)
    # as a column of a table too
    table = np.column_stack([values, values])
    np.testing.assert_array_equal(order_within_rows(table[:, 0], counts), expected)
