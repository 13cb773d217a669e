"""Spread of trainings beside their deviation: known shifts of a normal distribution."""

import numpy as np
import pytest
from scipy.stats import norm
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.described import Described
from fastsim.bundles.ensemble_metrics import BINS, COMPARED, ensemble_metrics, read_members, spread
from fastsim.bundles.events import write_events
from fastsim.errors import InputError
from fastsim.stats.comparison import Sample

ENTRIES = 200_000
EDGES = norm.ppf(np.linspace(0.0, 1.0, BINS + 1))


def normal(seed, shift=0.0):
    values = shift + np.random.default_rng(seed).standard_normal(ENTRIES)
    return Sample(values, np.arange(ENTRIES))


def contents(shift):
    """Return the contents of the bins of a shifted normal distribution over those of one at 0."""
    return np.diff(norm.cdf(EDGES - shift)) * BINS


@pytest.fixture(scope="module")
def real():
    return normal(1)


@pytest.mark.parametrize("shifts", [(0.1, 0.1, 0.1), (-0.1, 0.1), (0.1, 0.15, 0.05)])
def test_known_shifts(real, shifts):
    figures = spread(real, [normal(2, shift) for shift in shifts])
    ratios = np.array([contents(shift) for shift in shifts])
    assert figures["spread"] == pytest.approx(
        100 * np.sqrt(ratios.var(axis=0, ddof=1).mean()), abs=0.3
    )
    deviation = np.sqrt(np.mean((ratios - 1) ** 2))
    assert figures["deviation"] == pytest.approx(100 * deviation, rel=0.07)
    # two Poisson numbers of entries a bin
    assert figures["statistical_error"] == pytest.approx(100 * np.sqrt(2 * BINS / ENTRIES), rel=0.1)
    assert figures["ratio"] == pytest.approx(figures["spread"] / figures["deviation"])


def test_what_statistics_explain_is_no_deviation(real):
    figures = spread(real, [normal(2), normal(3)])
    assert figures["deviation"] < figures["statistical_error"]
    # but members that share no random numbers differ by them
    assert figures["spread"] == pytest.approx(figures["statistical_error"] / np.sqrt(2), rel=0.3)


def test_values_beyond_the_simulated_ones_count(real):
    far = Sample(np.where(real.values > 2.0, 50.0, real.values), real.groups)
    assert spread(real, [far, far])["deviation"] == 0.0
    lost = Sample(real.values[real.values < 1.0], real.groups[real.values < 1.0])
    assert spread(real, [lost, lost])["deviation"] > 30


def test_one_training_with_other_energies_is_seen_in_the_energies():
    primaries = draw_primaries(300, 1)
    real = Described(draw_events(primaries, 2))
    members = [Described(draw_events(primaries, 3, energy_scale=s)) for s in (1.0, 1.0, 1.3)]
    figures = ensemble_metrics(real, members)
    assert figures["members"] == 3
    assert tuple(figures["observables"]) == COMPARED
    spreads = {name: figure["spread"] for name, figure in figures["observables"].items()}
    assert spreads["radius"] == pytest.approx(0.0, abs=1e-9)
    assert all(spreads[name] > 10 for name in COMPARED if name != "radius")


def test_shards_of_members_have_the_names_and_order_of_the_samples(tmp_path):
    events = draw_events(draw_primaries(20, 1), 2)
    for name, rows in (("a", slice(0, 10)), ("b", slice(10, 40))):
        write_events(tmp_path / "member-2" / f"{name}.parquet", events.select(rows), "test")
    samples = [tmp_path / "samples" / f"{name}.parquet" for name in ("b", "a")]
    (member,) = read_members([tmp_path / "member-2"], samples)
    np.testing.assert_array_equal(member.event_id, np.roll(events.event_id, -10))
    with pytest.raises(InputError, match="member-3"):
        read_members([tmp_path / "member-3"], samples)
