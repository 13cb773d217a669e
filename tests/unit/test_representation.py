"""Normalisation: round trips, kept azimuth, Gaussian marginals, readable and checked files."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fastsim.bundles.events import MUON_MASS, Events
from fastsim.bundles.primaries import energy_per_nucleon
from fastsim.bundles.representation import (
    CONDITIONS,
    STRETCH,
    Normalization,
    stretched_energy,
    unstretched_energy,
)
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError

MASSES = np.array([0.938, 3.73, 13.05, 25.13, 52.1])


def bundles(events=4000, seed=0):
    """Bundles with the field's features: cut at low energy, power-law tails, correlated radius."""
    rng = np.random.default_rng(seed)
    log_energy = rng.uniform(4, 7, events)
    depth = rng.choice([1500.0, 1900.0, 2500.0], events)
    zenith = np.arccos(rng.uniform(0.5, 1, events))
    primaries = np.column_stack([10**log_energy, rng.choice(MASSES, events), zenith, depth])
    counts = rng.negative_binomial(2, 2 / (2 + 10 ** (log_energy - 5)))
    offsets = offsets_of(counts)
    d, c = np.repeat(depth, counts), np.repeat(np.cos(zenith), counts)
    energy = 100 * d / 1500 * (rng.pareto(2.0, offsets[-1]) + rng.random(offsets[-1]))
    limit = np.repeat(energy_per_nucleon(primaries[:, 0], primaries[:, 1]), counts)
    energy = energy / (1 + energy / limit)
    radius = 300 / (energy + 50) ** 0.5 / c * rng.gamma(1.5, 1.0, offsets[-1])
    phi = rng.uniform(0, 2 * np.pi, offsets[-1])
    muons = np.column_stack([energy, radius * np.cos(phi), radius * np.sin(phi)])
    return Events(
        np.arange(events, dtype=np.uint64),
        np.arange(events, dtype=np.uint64),
        primaries.astype(np.float32),
        offsets,
        *muons.astype(np.float32).T,
    )


TRAIN, TEST = bundles(seed=1), bundles(seed=2)
FITTED, SEED = (fit_normalization(lambda: [TRAIN], name) for name in ("fitted", "seed"))
BOTH = pytest.mark.parametrize("normalization", [FITTED, SEED], ids=["fitted", "seed"])


@BOTH
@settings(deadline=None, max_examples=200)
@given(
    energy=st.floats(1e2, 1e10),
    mass=st.floats(0.5, 300.0),
    zenith=st.floats(0.0, 1.5),
    depth=st.floats(100.0, 20_000.0),
    count=st.integers(1, 10_000),
    share=st.floats(1e-9, 0.999),
    # nearer to the axis than a millimetre the rounding of log r is worth more
    radius=st.one_of(st.just(0.0), st.floats(1e-3, 5000.0)),
    # a smaller angle leaves a y that float32 has few digits of
    phi=st.one_of(st.just(0.0), st.floats(1e-6, 6.28)),
)
def test_round_trip_to_float32_also_far_outside_the_fit(
    normalization, energy, mass, zenith, depth, count, share, radius, phi
):
    primaries = np.array([[energy, mass, zenith, depth]], dtype=np.float32)
    (limit,) = energy_per_nucleon(primaries[:, 0], primaries[:, 1])
    # total energies: least at rest
    muon = [max(share * limit, 0.1057), radius * np.cos(phi), radius * np.sin(phi)]
    muons = np.repeat(np.array([muon], dtype=np.float32), count, axis=0)
    normalized = normalization.normalize(primaries, np.array([count]), muons)
    assert normalized.dtype == np.float32
    assert np.isfinite(normalized).all()
    back = normalization.denormalize(primaries, np.array([count]), normalized)
    # far out a rounding of g or rho by 6e-8 is worth more: log E and log r span many spreads
    np.testing.assert_allclose(back, muons, rtol=1e-4, atol=0.0)


def test_the_seed_representation_gives_an_energy_below_the_mass_back_as_far_above_it():
    energies = np.array([0.01, 0.05, 0.1, 0.1056, 0.1057, 0.2, 5.0])
    muons = np.column_stack([energies, np.full(7, 3.0), np.full(7, 4.0)]).astype(np.float32)
    primaries, counts = TEST.primaries[:1], np.array([7])
    back = SEED.denormalize(primaries, counts, SEED.normalize(primaries, counts, muons))
    expected = [0.2013168, 0.1613168, 0.1113168, 0.1057168, 0.1057, 0.2, 5.0]
    np.testing.assert_allclose(back[:, 0], expected, rtol=1e-4)
    np.testing.assert_allclose(back[:, 1:], muons[:, 1:], rtol=1e-4)


def test_the_fitted_map_tells_muons_apart_down_to_rest():
    kinetic = np.array([0.0, 1e-6, 1e-4, 1e-3, 0.01, 0.1])
    muons = np.column_stack([MUON_MASS + kinetic, np.full(6, 3.0), np.full(6, 4.0)])
    primaries, counts = TEST.primaries[:1], np.array([6])
    normalized = FITTED.normalize(primaries, counts, muons)
    assert np.isfinite(normalized).all()
    assert (np.diff(normalized[:, 0]) > 0).all()
    back = FITTED.denormalize(primaries, counts, normalized).astype(float)
    np.testing.assert_allclose(back[:, 0] - MUON_MASS, kinetic, rtol=1e-3, atol=2e-8)


@BOTH
@settings(deadline=None, max_examples=50)
@given(g=st.floats(-40.0, 8.0), row=st.integers(0, 1000), count=st.integers(1, 5000))
def test_no_muon_of_any_model_has_less_energy_than_its_mass(normalization, g, row, count):
    points = np.tile(np.array([g, 1.0, 1.0], dtype=np.float32), (count, 1))
    muons = normalization.denormalize(TEST.primaries[row : row + 1], np.array([count]), points)
    assert (muons[:, 0] >= np.float32(MUON_MASS)).all()


@settings(deadline=None, max_examples=50)
@given(g=st.floats(-40.0, 40.0), row=st.integers(0, 1000), count=st.integers(1, 5000))
def test_no_muon_of_any_model_has_more_energy_than_a_nucleon_of_the_primary(g, row, count):
    primaries = TEST.primaries[row : row + 1]
    points = np.tile(np.array([g, 1.0, 1.0], dtype=np.float32), (count, 1))
    muons = FITTED.denormalize(primaries, np.array([count]), points)
    limit = energy_per_nucleon(primaries[:, 0], primaries[:, 1])
    assert (muons[:, 0] <= np.float32(limit + MUON_MASS)).all()


def test_a_muon_with_more_energy_than_a_nucleon_is_refused_in_one_line():
    iron = np.array([[56e3, 52.1, 0.0, 1500.0]], dtype=np.float32)
    muons = np.array([[900.0, 1.0, 1.0], [1100.0, 1.0, 1.0]], dtype=np.float32)
    message = "a muon of 1100 GeV: must have less than a nucleon of its primary, 1000 GeV"
    with pytest.raises(InputError, match=message):
        FITTED.normalize(iron, np.array([2]), muons)


@pytest.mark.parametrize("power", [2.0, 5.0])
def test_a_spectrum_that_ends_as_a_power_has_an_exponential_tail_when_stretched(power):
    survival = np.geomspace(1e-2, 1e-8, 50)
    inputs = np.tile([0.0, np.log10(0.938), 1.0, 1.5, 0.0], (50, 1))
    energies = MUON_MASS + 1e6 * (1 - survival ** (1 / power))
    stretched = stretched_energy(energies, inputs)
    slope = np.diff(np.log(survival)) / np.diff(stretched)
    assert slope[-1] == pytest.approx(-power / STRETCH, rel=0.05)
    np.testing.assert_allclose(unstretched_energy(stretched, inputs), energies, rtol=1e-9)


@BOTH
def test_round_trip_of_data_and_azimuth(normalization):
    normalized = normalization.normalize(TEST.primaries, TEST.counts, TEST.muons)
    back = normalization.denormalize(TEST.primaries, TEST.counts, normalized)
    np.testing.assert_allclose(back, TEST.muons, rtol=3e-6)
    z, xy = normalized.astype(float), TEST.muons.astype(float)
    cross = z[:, 1] * xy[:, 2] - z[:, 2] * xy[:, 1]
    scale = np.hypot(z[:, 1], z[:, 2]) * np.hypot(xy[:, 1], xy[:, 2])
    assert np.abs(cross / scale).max() < 2e-7
    assert (z[:, 1:] * xy[:, 1:]).sum(axis=1).min() > 0


@pytest.mark.parametrize("normalization", [FITTED], ids=["fitted"])
def test_the_map_increases_and_bundles_of_other_events_do_not_matter(normalization):
    primaries = np.repeat(TEST.primaries[:1], 2, axis=0)
    (limit,) = energy_per_nucleon(primaries[:1, 0], primaries[:1, 1])
    energies = MUON_MASS + np.geomspace(1e-3, 0.999 * limit, 400)
    muons = np.column_stack([energies, np.full(400, 3.0), np.zeros(400)]).astype(np.float32)
    counts = np.array([150, 250])
    normalized = normalization.normalize(primaries, counts, muons)
    for part in np.split(normalized[:, 0], [150]):
        assert (np.diff(part) > 0).all()
    alone = normalization.normalize(primaries[:1], counts[:1], muons[:150])
    np.testing.assert_array_equal(alone, normalized[:150])


def test_fitted_muons_are_gaussian_and_rayleigh():
    normalized = FITTED.normalize(TEST.primaries, TEST.counts, TEST.muons).astype(float)
    g, rho = normalized[:, 0], np.hypot(normalized[:, 1], normalized[:, 2])
    depth = np.repeat(TEST.primaries[:, 3], TEST.counts)
    for chosen in (depth > 0, depth == 1500, depth == 2500):
        assert stats.kstest(g[chosen], "norm").statistic < 0.02
        assert stats.kstest(rho[chosen], "rayleigh").statistic < 0.02
    raw = stats.spearmanr(TEST.muons[:, 0], np.hypot(*TEST.muons[:, 1:].T)).statistic
    assert raw < -0.25
    assert abs(np.corrcoef(g, rho)[0, 1]) < 0.02


def test_seed_representation_is_the_documented_formula():
    normalized = SEED.normalize(TEST.primaries, TEST.counts, TEST.muons)
    log_energy = np.log10(TEST.muons[:, 0].astype(float) / 1e6)
    assert np.corrcoef(normalized[:, 0], log_energy)[0, 1] == pytest.approx(1.0)
    ratio = normalized[:, 1:] / (TEST.muons[:, 1:] / 500)
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-5)
    train = SEED.normalize(TRAIN.primaries, TRAIN.counts, TRAIN.muons).astype(float)
    assert (train[:, 0].mean(), train[:, 0].std()) == pytest.approx((0, 1), abs=1e-5)
    assert np.sqrt((train[:, 1:] ** 2).mean()) == pytest.approx(1.0, rel=1e-5)


@BOTH
def test_conditions_are_standardised(normalization):
    conditions = normalization.conditions(TRAIN.primaries)
    assert conditions.dtype == np.float32
    np.testing.assert_allclose(conditions.mean(axis=0, dtype=float), 0, atol=1e-6)
    np.testing.assert_allclose(conditions.std(axis=0, dtype=float), 1, rtol=1e-6)


@pytest.mark.parametrize("representation", ["fitted", "seed"])
def test_fit_does_not_depend_on_shards(representation):
    cut = [TRAIN.select(part) for part in (slice(2500, None), slice(0, 0), slice(0, 2500))]
    other = fit_normalization(lambda: cut, representation)
    whole = {"fitted": FITTED, "seed": SEED}[representation]
    found, expected = (n.normalize(TEST.primaries, TEST.counts, TEST.muons) for n in (other, whole))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_one_kind_of_primary_and_few_muons_are_enough():
    same = np.tile(np.array([[1e6, 0.938, 0.0, 1500.0]], dtype=np.float32), (20, 1))
    few = TRAIN.select(np.argsort(-TRAIN.counts)[:20])
    few = Events(few.event_id, few.shower_id, same, few.offsets, *few.muon_columns)
    normalization = fit_normalization(lambda: [few], "fitted")
    np.testing.assert_array_equal(normalization.conditions(same), 0)
    normalized = normalization.normalize(same, few.counts, few.muons)
    back = normalization.denormalize(same, few.counts, normalized)
    np.testing.assert_allclose(back, few.muons, rtol=1e-5)


def test_a_muon_on_the_axis_is_no_obstacle_to_the_fit():
    muons = TRAIN.muons.copy()
    muons[::100, 1:] = 0
    train = Events(TRAIN.event_id, TRAIN.shower_id, TRAIN.primaries, TRAIN.offsets, *muons.T)
    normalization = fit_normalization(lambda: [train], "fitted")
    normalized = normalization.normalize(train.primaries, train.counts, muons)
    np.testing.assert_array_equal(normalized[::100, 1:], 0)
    assert np.isfinite(normalized).all()


def test_events_without_muons_cannot_be_fitted():
    none = TRAIN.select(TRAIN.counts == 0)
    with pytest.raises(InputError, match="training events with 0 muons"):
        fit_normalization(lambda: [none], "fitted")


@BOTH
def test_file_holds_everything(normalization, tmp_path):
    normalization.save(tmp_path / "n.json")
    assert Normalization.load(tmp_path / "n.json") == normalization
    assert list(json.loads((tmp_path / "n.json").read_text())["primaries"]) == list(CONDITIONS)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        # energies of version 1 were total energies, polynomials of version 2 quadratic, and the
        # energies of version 3 had no upper end
        (("format_version",), "3", r"n\.json: format_version"),
        (("primaries", "depth_km", "std"), 0.0, "std = 0.0"),
        (("primaries", "depth_km"), None, "depth_km"),
        (("muons", "representation"), "other", "muons"),
        (("muons", "energy", "table", "inputs"), [0.0, 1.0], "differ in length"),
        (("muons", "energy", "location", "coefficients"), {"1": 0.0}, "do not fit together"),
        (("muons", "radius"), "energy", "inputs of radius must be"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path, path, value, message):
    content = FITTED.model_dump(mode="json")
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = content["muons"]["energy"] if value == "energy" else value
    (tmp_path / "n.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message) as error:
        Normalization.load(tmp_path / "n.json")
    assert "\n" not in str(error.value)
