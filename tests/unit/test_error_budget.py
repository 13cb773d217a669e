"""Differences between samples of the same primaries."""

import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.described import Described
from fastsim.bundles.error_budget import differences
from fastsim.bundles.one_depth import one_depth

PRIMARIES = draw_primaries(3000, 31)


@pytest.fixture(scope="module")
def real():
    events = draw_events(PRIMARIES, 32)
    return Described(events.select(one_depth(events, 1)))


def against(real, **changes):
    events = draw_events(PRIMARIES, 33, **changes)
    return differences(real, Described(events.select(one_depth(events, 1))), 2, 1)


def test_the_same_physics_differs_within_errors(real) -> None:
    found = against(real)
    for key in ("mean_n", "energy", "radius"):
        assert abs(found[key]["scale"]) < 4 * found[key]["error"], key
    assert abs(found["auc"]["value"] - 0.5) < 4 * found["auc"]["error"]


def test_harder_muons_are_measured(real) -> None:
    found = against(real, energy_scale=1.3)
    assert found["energy"]["scale"] == pytest.approx(30, abs=5 * found["energy"]["error"])
    assert found["energy"]["scale"] > 5 * found["energy"]["error"]
    assert found["auc"]["value"] > 0.5 + 5 * found["auc"]["error"]


def test_few_events_give_null(real) -> None:
    few = real.select(real.events.counts == 0)
    nothing = {"mean_n": None, "energy": None, "radius": None, "auc": None}
    assert differences(few, few, 2, 1) == nothing
    # a single shower has no error that could be told from it
    one = real.select(real.events.counts == real.events.counts.max()).select([0])
    assert differences(one, one, 2, 1) == nothing
