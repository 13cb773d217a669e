"""Which primaries are inside what models were trained on."""

import numpy as np
import pytest

from fastsim.bundles.events import PRIMARY_COLUMNS
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.errors import InputError

TRAINED = PrimaryRange((1e5, 0.938, 0.1, 1500.0), (1e6, 52.10, 1.0, 2000.0))
ENDS = np.float32([TRAINED.least, TRAINED.most])


def test_limits_are_inside_and_what_is_beyond_one_of_them_is_not():
    ends = np.float32([TRAINED.least, TRAINED.most])
    assert TRAINED.holds(ends).all()
    for column in range(4):
        for end, beyond in ((0, -np.inf), (1, np.inf)):
            outside = ends[:1].copy()
            outside[0, column] = np.nextafter(ends[end, column], np.float32(beyond))
            # of the mass the nucleons count
            outside[0, 1] = (0.1, 53.0)[end] if column == 1 else outside[0, 1]
            assert not TRAINED.holds(outside).any(), (column, end)


def test_the_nuclei_of_other_tables_of_masses_are_inside():
    proton, iron = ENDS.copy()
    proton[1], iron[1] = 0.93827, 56 * 0.93149
    assert TRAINED.holds(np.stack([proton, iron])).all()


@pytest.mark.parametrize(
    ("column", "hardly", "outside"),
    [
        # energies of a drawn sample do not reach their limits; a hundredth of a decade
        (0, (1e5 * 10**-0.009, 1e6 * 10**0.009), (1e5 * 10**-0.011, 1e6 * 10**0.011)),
        # other tables of masses, not other nuclei
        (1, (0.93827, 52.45), (0.4, 53.0)),
        # cos zenith is seen from 0.540 to 0.995
        (2, (0.05, 1.005), (0.0, 1.01)),
        (3, (1495.1, 2004.9), (1494.0, 2006.0)),
    ],
)
def test_primaries_hardly_outside_count_as_inside(column, hardly, outside):
    for end in (0, 1):
        primary = ENDS[[end]].copy()
        primary[0, column] = hardly[end]
        assert TRAINED.holds_about(primary).all(), (column, end)
        primary[0, column] = outside[end]
        inside = TRAINED.holds_about(primary)[0]
        assert np.flatnonzero(~inside).tolist() == [column], (column, end)


def test_a_training_at_one_depth_with_one_nucleus_holds_that():
    trained = PrimaryRange((1e5, 0.938, 0.0, 2000.0), (1e6, 0.938, 1.0, 2000.0))
    good = np.float32([[2e5, 0.93827, 0.5, 2000.0]])
    assert trained.holds_about(good).all()
    for column, value in ((1, 3.73), (3, 2000.5)):
        bad = good.copy()
        bad[0, column] = value
        assert not trained.holds_about(bad)[0, column]


@pytest.mark.parametrize("stated", [0.785398, 0.7854])
def test_a_training_at_one_zenith_holds_it_as_tables_round_it(stated):
    trained = PrimaryRange((1e5, 0.938, np.pi / 4, 2000.0), (1e6, 0.938, np.pi / 4, 2000.0))
    assert trained.holds_about(np.float32([[2e5, 0.938, stated, 2000.0]])).all()
    assert not trained.holds_about(np.float32([[2e5, 0.938, 0.786, 2000.0]])).all()


def test_the_range_of_a_summary():
    ranges = dict(zip(PRIMARY_COLUMNS, zip(TRAINED.least, TRAINED.most, strict=True), strict=True))
    assert PrimaryRange.of_summary({"train": {"ranges": ranges}}, "summary.json") == TRAINED


@pytest.mark.parametrize("summary", [{}, [], {"train": {"ranges": dict.fromkeys(PRIMARY_COLUMNS)}}])
def test_what_is_no_summary_is_told(summary):
    with pytest.raises(InputError, match=r"^summary.json: has no ranges of the training showers"):
        PrimaryRange.of_summary(summary, "summary.json")
