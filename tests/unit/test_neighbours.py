"""Precision, recall, density, coverage and the check for copies, against what is known."""

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.described import Described
from fastsim.bundles.events import Events
from fastsim.bundles.neighbour_metrics import OVERLAP, neighbour_metrics
from fastsim.bundles.one_depth import one_depth
from fastsim.stats.neighbours import NEIGHBOURS, overlap, share_nearest_to_first


def points(rows: int, seed: int, features: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, features))


def test_a_sample_covers_itself() -> None:
    real = points(300, 1)
    found = overlap(real, real)
    assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)
    # each ball holds its centre and four neighbours, and the fifth, on its edge, up to rounding
    assert 1.0 <= found.density <= (NEIGHBOURS + 1) / NEIGHBOURS


def test_far_samples_do_not_overlap() -> None:
    real = points(200, 1)
    assert overlap(real, real + 100.0).as_dict() == dict.fromkeys(OVERLAP, 0.0)


def test_equal_distributions_have_the_expected_density_and_coverage() -> None:
    """Density 1, and coverage 1 - P(the 5 nearest of the others are all real), about 1 - 2^-5."""
    found = [overlap(points(800, 2 * i), points(800, 2 * i + 1)) for i in range(6)]
    assert np.mean([f.density for f in found]) == pytest.approx(1.0, abs=0.03)
    assert np.mean([f.coverage for f in found]) == pytest.approx(1.0 - 2.0**-NEIGHBOURS, abs=0.008)


def test_lost_modes_cost_recall_and_inventions_precision() -> None:
    rng = np.random.default_rng(3)
    both = points(600, 4) + 50.0 * rng.integers(0, 2, 600)[:, None]
    one = points(600, 5)
    lost, invented = overlap(both, one), overlap(one, both)
    assert lost.precision > 0.9
    assert lost.recall == pytest.approx(0.5, abs=0.1)
    assert lost.coverage == pytest.approx(0.5, abs=0.1)
    assert invented.precision == pytest.approx(0.5, abs=0.1)
    assert invented.recall > 0.9


def test_share_of_independent_points_is_expected_and_its_error_covers() -> None:
    pulls = []
    for seed in range(150):
        queries, first, second = np.split(points(600, seed, 2), [150, 450])
        share, expected, error = share_nearest_to_first(queries, first, second)
        assert expected == 300 / 450
        pulls.append((share - expected) / error)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(150)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)


def test_copies_are_nearest_to_what_they_copy() -> None:
    first, second = points(200, 1), points(200, 2)
    copies = first + 1e-6 * points(200, 3)
    assert share_nearest_to_first(copies, first, second)[0] == 1.0
    assert share_nearest_to_first(copies, second, first)[0] == 0.0


def bundles(seed: int, primaries_seed: int) -> Described:
    events = draw_events(draw_primaries(1200, primaries_seed), seed)
    return Described(events.select(one_depth(events, 1))).at_least(1)


def test_bundles_copied_from_training_are_caught() -> None:
    real, honest, training = bundles(2, 1), bundles(3, 1), bundles(4, 5)
    found = neighbour_metrics(real, honest, training, 1)
    for side in ("generated", "floor"):
        figure = found["nearer_to_training"][side]
        assert abs(figure["value"] - figure["expected"]) < 4 * figure["error"]
    for name in OVERLAP:
        generated, floor = found[name]["generated"], found[name]["floor"]
        assert generated["value"] == pytest.approx(floor["value"], abs=0.06)
    # half of the generated bundles are training bundles
    copier = Described(Events.concatenate([training.events, honest.events]))
    caught = neighbour_metrics(real, copier, training, 1)["nearer_to_training"]["generated"]
    assert caught["value"] > caught["expected"] + 5 * caught["error"]


def test_too_few_bundles_are_null() -> None:
    few = bundles(2, 1).select(np.arange(150))
    for figure in neighbour_metrics(few, few, few, 1).values():
        assert figure == {"generated": None, "floor": None}
