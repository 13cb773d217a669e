"""One depth of every shower: whose, by what, and what a choice that knows N would do."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.bundle_samples import DEPTHS, draw_events, draw_primaries

from fastsim.bundles.one_depth import one_depth

EVENTS = draw_events(draw_primaries(300, 1), 2)


@given(seed=st.integers(0, 2**63 - 1), order_seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_each_shower_once_whatever_the_order_and_the_muons(seed: int, order_seed: int) -> None:
    rows = one_depth(EVENTS, seed)
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(EVENTS.shower_id[rows], np.unique(EVENTS.shower_id))
    order = np.random.default_rng(order_seed).permutation(len(EVENTS))
    other_muons = draw_events(draw_primaries(300, 1), 7).select(order)
    chosen = other_muons.event_id[one_depth(other_muons, seed)]
    assert set(chosen) == set(EVENTS.event_id[rows])


def test_depths_are_equally_likely_and_seeds_differ() -> None:
    depths = [EVENTS.primaries[one_depth(EVENTS, seed), 3] for seed in range(20)]
    share = np.mean(np.equal(depths, DEPTHS[0]))
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 6000)
    assert (one_depth(EVENTS, 1) != one_depth(EVENTS, 2)).any()


def test_one_event_a_shower_is_left_as_it_is() -> None:
    alone = EVENTS.select(one_depth(EVENTS, 1))
    np.testing.assert_array_equal(one_depth(alone, 5), np.arange(len(alone)))


def test_large_bundles_of_equal_samples_come_from_equal_depths() -> None:
    """Depths of a real shower fluctuate together, generated ones apart, with equal P(N) at each."""
    showers, depths = 6000, 6
    rng = np.random.default_rng(3)
    mean = np.tile(40.0 * np.exp(-0.3 * np.arange(depths)), showers)
    together = np.repeat(rng.gamma(2.0, 0.5, showers), depths)
    apart = rng.gamma(2.0, 0.5, showers * depths)
    depth, shower = np.tile(np.arange(depths), showers), np.repeat(np.arange(showers), depths)
    primaries = draw_primaries(showers * depths // len(DEPTHS), 4)
    rows = one_depth(replace(draw_events(primaries, 5), shower_id=shower), 1)
    draw = rng.random(len(depth))

    def knowing(large: np.ndarray) -> np.ndarray:
        order = np.lexsort((draw, ~large, shower))[::depths]
        return order[large[order]]

    pulls = {}
    for name in ("one_depth", "knowing"):
        means = []
        for factor in (together, apart):
            large = rng.poisson(mean * factor) >= 30
            taken = depth[rows[large[rows]] if name == "one_depth" else knowing(large)]
            means.append((taken.mean(), taken.std() / np.sqrt(len(taken))))
        (a, a_error), (b, b_error) = means
        pulls[name] = abs(a - b) / np.hypot(a_error, b_error)
    assert pulls["one_depth"] < 3.5
    # what the choice must not do
    assert pulls["knowing"] > 6
