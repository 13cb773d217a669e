import math

import numpy as np
import pytest

from fastsim.airshower.primaries import NUCLEI, PrimarySpectrum
from fastsim.airshower.showers import ShowerSimulation
from fastsim.bundles.events import Events

DEPTHS = (1500.0, 1700.0, 2500.0)


@pytest.fixture(scope="module")
def simulation(cascade):
    spectrum = PrimarySpectrum(1e5, 1e6, 1.0, dict.fromkeys(NUCLEI, 1.0), 0.0, math.radians(70))
    return ShowerSimulation(spectrum, DEPTHS, 2834.0, 5, cascade)


@pytest.fixture(scope="module")
def events(simulation):
    return Events.concatenate(list(simulation.events(100, 40)))


def test_one_row_a_depth_with_ids_that_name_shower_and_depth(events):
    np.testing.assert_array_equal(events.shower_id, np.repeat(np.arange(100, 140), 3))
    np.testing.assert_array_equal(events.event_id, np.arange(300, 420))
    np.testing.assert_array_equal(events.primaries[:, 3], np.tile(DEPTHS, 40).astype(np.float32))
    per_shower = events.primaries[:, :3].reshape(40, 3, 3)
    assert (per_shower == per_shower[:, :1]).all()


def test_muons_die_out_with_depth_and_rows_without_any_are_kept(events):
    counts = events.counts.reshape(40, 3)
    assert (np.diff(counts, axis=1) <= 0).all()
    assert (counts == 0).any()
    assert counts[:, 0].sum() > 1.5 * counts[:, 2].sum() > 0


def test_a_shower_does_not_depend_on_those_before(simulation, events):
    (again,) = simulation.events(130, 1)
    rows = np.flatnonzero(events.shower_id == 130)
    wanted = events.select(rows)
    for name in ("event_id", "primaries", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(again, name), getattr(wanted, name))


def test_one_depth_a_shower_gives_independent_rows_spread_over_the_depths(simulation, cascade):
    single = ShowerSimulation(simulation.spectrum, DEPTHS, 2834.0, 5, cascade, one_depth=True)
    numbers = np.concatenate([single.depth_numbers(shower) for shower in range(3000)])
    assert len(numbers) == 3000
    assert (abs(np.bincount(numbers, minlength=3) - 1000) < 5 * math.sqrt(1000 * 2 / 3)).all()
    events = Events.concatenate(list(single.events(100, 10)))
    np.testing.assert_array_equal(events.shower_id, np.arange(100, 110))
    np.testing.assert_array_equal(events.event_id, 3 * np.arange(100, 110) + numbers[100:110])
    depths = np.asarray(DEPTHS, np.float32)[numbers[100:110]]
    np.testing.assert_array_equal(events.primaries[:, 3], depths)
    # the primaries are those of the showers seen at all depths
    assert single.shower(103)[0] == simulation.shower(103)[0]


@pytest.mark.slow
def test_shallower_depths_in_the_list_change_no_surface_muon(simulation, cascade):
    """A lower threshold costs time, and gives the deep rows the same muons in distribution."""
    deep = ShowerSimulation(simulation.spectrum, DEPTHS[2:], 2834.0, 5, cascade)
    counts = [np.array([len(s.shower(i)[1][-1]) for i in range(150)]) for s in (simulation, deep)]
    # the primaries are the same, shower by shower
    difference = counts[0] - counts[1]
    assert abs(difference.mean()) < 4 * difference.std() / math.sqrt(len(difference))
    assert simulation.shower(3)[0] == deep.shower(3)[0]
