"""Observables of hand-made bundles, their symmetries, baselines and flux weights."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.bundle_samples import MASSES, draw_events, draw_primaries, make_events

from fastsim.bundles.baselines import (
    ELBERT_SETS,
    elbert_mean,
    elbert_mean_at_depth,
    threshold_at_surface,
)
from fastsim.bundles.observables import (
    CONDITION,
    CORE_RADIUS,
    RINGS,
    event_observables,
    muon_observables,
)
from fastsim.bundles.primaries import mass_number
from fastsim.bundles.weighting import flux_weights


def test_bundles_of_zero_one_and_two_muons() -> None:
    events = make_events([[], [(10.0, 3.0, 4.0)], [(10.0, 0.0, 1.0), (1000.0, 0.0, -10.0)]])
    table = event_observables(events)

    assert table["n"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(table["log10_n1"], np.log10([1, 2, 3]))
    np.testing.assert_allclose(table["cos_zenith"], np.cos(0.5), rtol=1e-7)
    empty = table.iloc[0].drop([*CONDITION, "n", "log10_n1"])
    assert empty.isna().all()
    # a single muon has no second
    assert table["log10_second_energy"].isna().tolist() == [True, True, False]
    assert table.drop(columns="log10_second_energy").iloc[1:].notna().all().all()
    assert table["log10_second_energy"][2] == 1.0
    # the muon at 10 m lies outside of the core; of two muons the nearer marks the half
    np.testing.assert_allclose(table["log10_core_energy"][1:], np.log10([11.0, 11.0]))
    assert table["half_radius"][1:].tolist() == [5.0, 1.0]
    assert (table[["density_50", "density_100"]].iloc[1:] == 0).all().all()

    one = table.iloc[1]
    assert one["log10_bundle_energy"] == pytest.approx(1.0)
    assert one["log10_leading_energy"] == pytest.approx(1.0)
    assert one["max_radius"] == one["rms_radius"] == pytest.approx(5.0)
    assert one["width_log10_energy"] == one["energy_radius_correlation"] == 0.0
    assert (one["centroid_x"], one["centroid_y"]) == (3.0, 4.0)
    assert one["azimuthal_resultant"] == pytest.approx(1.0)

    two = table.iloc[2]
    assert two["log10_bundle_energy"] == pytest.approx(np.log10(1010.0))
    assert two["mean_log10_energy"] == pytest.approx(2.0)
    assert two["width_log10_energy"] == pytest.approx(1.0)
    assert two["mean_log10_radius"] == pytest.approx(0.5)
    assert two["energy_radius_correlation"] == pytest.approx(1.0)
    assert two["centroid_y"] == pytest.approx(-4.5)
    assert two["log10_sum_radius"] == pytest.approx(np.log10(11.0))
    assert two["azimuthal_resultant"] == pytest.approx(0.0, abs=1e-12)


def test_muon_on_the_axis_stays_finite() -> None:
    events = make_events([[(5.0, 0.0, 0.0)]])
    assert np.isfinite(muon_observables(events)).all().all()
    assert np.isfinite(event_observables(events).drop(columns="log10_second_energy")).all().all()


MUON = st.tuples(st.floats(0.1, 1e5), st.floats(-300, 300), st.floats(-300, 300))


@settings(max_examples=30, deadline=None)
@given(st.lists(MUON, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_of_muons_does_not_matter(bundle, random) -> None:
    shuffled = random.sample(bundle, len(bundle))
    a, b = (event_observables(make_events([muons])) for muons in (bundle, shuffled))
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-5)


EDGES = (CORE_RADIUS, *np.ravel(list(RINGS.values())))
# rounding brings a muon on an edge inside or out
RADIUS = st.floats(1.0, 300.0).filter(lambda radius: not np.isclose(radius, EDGES, 1e-6).any())
POLAR = st.tuples(st.floats(0.1, 1e5), RADIUS, st.floats(0, 2 * np.pi))


@settings(max_examples=30, deadline=None)
@given(st.lists(POLAR, min_size=1, max_size=12), st.floats(0, 2 * np.pi))
def test_rotation_turns_only_the_centroid(bundle, angle) -> None:
    energy, radius, azimuth = np.array(bundle).T
    a, b = (
        event_observables(
            make_events(
                [list(zip(energy, radius * np.cos(phi), radius * np.sin(phi), strict=True))]
            )
        )
        for phi in (azimuth, azimuth + angle)
    )
    centroid = [complex(*table[["centroid_x", "centroid_y"]].iloc[0]) for table in (a, b)]
    assert centroid[1] == pytest.approx(centroid[0] * np.exp(1j * angle), abs=1e-3)
    # logarithm of what may be 0, and correlation of values that may be equal, amplify rounding
    delicate = ["centroid_x", "centroid_y", "log10_centroid_radius", "energy_radius_correlation"]
    kept = a.columns.difference(delicate)
    np.testing.assert_allclose(a[kept], b[kept], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "proton", "iron"),
    [("elbert", 26.4, 65.0), ("gaisser_verpoest", 28.9, 62.3), ("sibyll_refit", 29.5, 87.9)],
)
def test_elbert_sets_at_one_pev(name: str, proton: float, iron: float) -> None:
    for nucleons, expected in ((1, proton), (56, iron)):
        mean = elbert_mean(1e6, nucleons, 1.0, 273.0, ELBERT_SETS[name])
        assert float(mean) == pytest.approx(expected, abs=0.06)


def test_elbert_is_zero_where_a_nucleon_has_less_than_the_threshold() -> None:
    for parameters in ELBERT_SETS.values():
        assert elbert_mean(5e4, 56, 1.0, 1000.0, parameters) == 0.0
        assert elbert_mean(5e4, 1, 1.0, 1000.0, parameters) > 0.0


def test_threshold_solves_the_energy_loss() -> None:
    # integrate dE/dX = -(a + b E) downwards in small steps: the muon must stop at the depth
    # 200 m of firn, 400 m along the track
    E, step = float(threshold_at_surface(1500.0, 0.5)), 0.05
    for _ in range(int((400.0 * 0.832 + 1100.0 * 0.917) / step)):
        E -= step * (0.2595 + 3.64e-4 * E)
    assert abs(E) < 0.3


def test_mean_at_depth_falls_with_depth_and_rises_with_energy() -> None:
    primaries = np.array(
        [[1e6, 0.938, 0.3, 1500], [1e6, 0.938, 0.3, 2500], [1e7, 0.938, 0.3, 1500]]
    )
    for parameters in ELBERT_SETS.values():
        shallow, deep, energetic = elbert_mean_at_depth(primaries, parameters)
        assert deep < shallow < energetic


def test_mass_numbers_of_the_five_nuclei() -> None:
    assert mass_number(MASSES).tolist() == [1, 4, 14, 27, 56]


def test_weights_turn_the_simulated_spectrum_into_the_flux() -> None:
    """The weighted share of protons and their mean log energy are the integrals of the flux."""
    from scipy.integrate import quad
    from simweights import GaisserH4a, PDGCode

    rng = np.random.default_rng(3)
    n = 200_000
    energy = 10 ** rng.uniform(5, 6, n)
    mass = rng.choice([0.938, 52.10], n, p=[0.3, 0.7])
    weights = flux_weights(energy, mass, spectral_index=1.0)
    assert weights.mean() == pytest.approx(1.0)

    flux = GaisserH4a()

    def integral(pdg: PDGCode, power: int) -> float:
        def integrand(t: float) -> float:
            value = flux(np.array([10.0**t]), np.array([pdg]))[0]
            return value * 10**t * np.log(10) * t**power

        return quad(integrand, 5, 6)[0]

    p, fe = (integral(code, 0) for code in (PDGCode.PPlus, PDGCode.Fe56Nucleus))
    light = mass < 1
    assert weights[light].sum() / weights.sum() == pytest.approx(p / (p + fe), rel=0.02)
    mean = np.average(np.log10(energy[light]), weights=weights[light])
    assert mean == pytest.approx(integral(PDGCode.PPlus, 1) / p, abs=0.005)


def test_every_nucleus_takes_its_share_of_the_flux_of_its_group() -> None:
    """C, O and N share what N alone would have; Si and Fe-54 stand for Al and Fe-56."""
    energy = np.full(6, 1e5)
    mixed = np.array([12, 16, 14, 28, 54, 1]) * 0.93149
    weights = flux_weights(energy, mixed, 1.0)
    alone = flux_weights(energy[:4], np.array([13.05, 25.13, 52.10, 0.938]), 1.0)
    np.testing.assert_allclose(weights[:3], weights[0])
    of_groups = [weights[:3].sum(), *weights[3:]]
    np.testing.assert_allclose(of_groups / weights.sum(), alone / alone.sum())


def test_samples_of_the_toy_have_the_observables_asked_for() -> None:
    events = draw_events(draw_primaries(50, 1), 2)
    scaled = replace(events, muon_energy=events.muon_energy * np.float32(2.0))
    a, b = event_observables(events), event_observables(scaled)
    filled = a["n"] > 0
    shift = (b["log10_bundle_energy"] - a["log10_bundle_energy"])[filled]
    np.testing.assert_allclose(shift, np.log10(2.0), atol=1e-6)
    np.testing.assert_allclose(
        b["width_log10_energy"][filled], a["width_log10_energy"][filled], atol=1e-6
    )
