"""Flux-weighted spectra: bins done by hand, a perfect twin, and a shift whose size is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.described import Described
from fastsim.bundles.events import Events
from fastsim.bundles.goals import GOALS, SPECTRUM_ERRORS
from fastsim.bundles.weighted_spectra import (
    LARGEST_ERROR,
    LEAST_KNOWN,
    SPECTRA,
    weighted_spectra,
)
from fastsim.bundles.weighting import FLUX_MODELS, flux_weights

# weights to a flux are then near 1
COSMIC_RAYS = 2.7
SLOPE = 1.7


def single_muons(showers: int, seed: int) -> Events:
    """One muon a shower, dN/dlogE ~ E^-1.7 above 100 GeV."""
    primaries = draw_primaries(showers, 1)[::2]
    rng = np.random.default_rng(seed)
    energy = (100.0 * rng.uniform(size=showers) ** (-1.0 / SLOPE)).astype(np.float32)
    ids = np.arange(showers, dtype=np.uint64)
    x = rng.normal(0.0, 10.0, showers).astype(np.float32)
    return Events(ids, ids, primaries, np.arange(showers + 1), energy, x, np.zeros_like(x))


def misses(spectrum) -> bool:
    deviation, error = np.array(spectrum["deviation"]), np.array(spectrum["error"])
    goal = GOALS["default"]["gan"].spectrum
    return bool((np.abs(deviation) - SPECTRUM_ERRORS * error > goal).any())


def test_bins_are_those_done_by_hand():
    """Weighted sums and their errors by shower, of two depths a shower."""
    real, generated = (draw_events(draw_primaries(4000, 1), seed) for seed in (2, 3))
    found = weighted_spectra(Described(real), Described(generated), 2.0)
    assert found.keys() == FLUX_MODELS.keys()
    weights = flux_weights(*real.primaries[:, :2].T, 2.0, "gst")
    spectrum = found["gst"]["n"]
    assert [1.0, 10**0.5] in spectrum["bins"]
    for i, (low, high) in enumerate(spectrum["bins"]):
        a, b = (
            np.bincount(
                events.shower_id.astype(int),
                weights=weights * ((events.counts >= low) & (events.counts < high)),
            )
            for events in (real, generated)
        )
        ratio = b.sum() / a.sum()
        statistical = 100 * np.sqrt((a**2).sum()) / a.sum()
        assert spectrum["deviation"][i] == pytest.approx(100 * (ratio - 1))
        assert spectrum["statistical_error"][i] == pytest.approx(statistical)
        assert statistical <= LARGEST_ERROR
        error = 100 * np.sqrt(((b - ratio * a) ** 2).sum()) / a.sum()
        assert spectrum["error"][i] == pytest.approx(error)
    # what is left out is known worse
    left_out = np.flatnonzero(~np.isin(SPECTRA["n"][:-1], np.array(spectrum["bins"])[:, 0]))
    first, last = SPECTRA["n"][left_out[0] : left_out[0] + 2]
    content = weights * ((real.counts >= first) & (real.counts < last))
    content = np.bincount(real.shower_id.astype(int), weights=content)
    assert np.sqrt((content**2).sum()) > 0.01 * LARGEST_ERROR * content.sum() > 0
    deviations = np.abs(spectrum["deviation"])
    assert abs(spectrum["largest"]["deviation"]) == deviations.max()
    assert spectrum["largest"]["bin"] == spectrum["bins"][deviations.argmax()]


def test_a_perfect_twin_is_within_its_errors():
    pulls = []
    for seed in (2, 4, 6):
        real, twin = (Described(draw_events(draw_primaries(8000, 1), seed + i)) for i in (0, 1))
        spectra = weighted_spectra(real, twin, COSMIC_RAYS)["gaisser_h3a"]
        assert not any(misses(spectrum) for spectrum in spectra.values())
        pulls += [np.divide(s["deviation"], s["error"]) for s in spectra.values()]
    pulls = np.concatenate(pulls)
    # bins of one spectrum are hardly correlated
    low, high = stats.chi2.ppf([1e-3, 1 - 1e-3], len(pulls)) / len(pulls)
    assert low < np.mean(pulls**2) < high


def test_ten_per_cent_of_leading_energy_are_seen():
    real, twin = (single_muons(40_000, seed) for seed in (2, 3))
    shifted = replace(twin, muon_energy=np.float32(1.1) * twin.muon_energy)
    before, after = (
        weighted_spectra(Described(real), Described(each), COSMIC_RAYS)["gaisser_h4a"]
        for each in (twin, shifted)
    )
    assert not misses(before["log10_leading_energy"])
    assert misses(after["log10_leading_energy"])
    # a power law moves by 1.1^1.7 in every bin but the one of the threshold
    spectrum = after["log10_leading_energy"]
    expected = 100 * (1.1**SLOPE - 1)
    pulls = (np.array(spectrum["deviation"]) - expected) / np.array(spectrum["error"])
    assert len(pulls) >= 3
    assert np.abs(pulls[1:]).max() < 4
    # mostly that of the first bin, which is known best
    beyond = before["log10_leading_energy"]["rms_beyond_errors"]
    assert beyond < 2 < spectrum["rms_beyond_errors"] < expected
    for name in ("n", "radius"):
        assert after[name] == before[name]


def test_few_events_have_no_spectrum():
    real, twin = (Described(draw_events(draw_primaries(60, 1), seed)) for seed in (2, 3))
    found = weighted_spectra(real, twin, 1.0)
    json.dumps(found, allow_nan=False)
    for spectra in found.values():
        for spectrum in spectra.values():
            assert spectrum["bins"] == spectrum["deviation"] == []
            assert spectrum["largest"] is spectrum["rms_beyond_errors"] is None
            check_less_known(spectrum)


def check_less_known(spectrum):
    known = spectrum["less_known"]
    assert len(known["bins"]) == len(known["deviation"]) == len(known["error"])
    assert all(LARGEST_ERROR < error <= LEAST_KNOWN for error in known["statistical_error"])


def test_bins_are_known_well_or_less_well_or_left_out():
    real, twin = (Described(draw_events(draw_primaries(2000, 1), seed)) for seed in (2, 3))
    spectrum = weighted_spectra(real, twin, COSMIC_RAYS)["gst"]["n"]
    well, less = spectrum["bins"], spectrum["less_known"]["bins"]
    assert well
    assert less
    # the larger N, the rarer
    assert max(well) < min(less)
    check_less_known(spectrum)
