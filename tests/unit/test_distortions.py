"""The distortions do what they say and nothing else."""

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.distortions import (
    DISTORTIONS,
    TITLES,
    permute_energies,
    scale_energy,
    scale_radius,
    shuffle_muons,
    smear_energy,
)

EVENTS = draw_events(draw_primaries(2000, 1), 2)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def sorted_rows(muons: np.ndarray) -> np.ndarray:
    return muons[np.lexsort(muons.T)]


def test_primaries_ids_and_numbers_of_muons_stay() -> None:
    for distortion in DISTORTIONS:
        found = distortion.apply(EVENTS, rng())
        for name in ("event_id", "shower_id", "primaries", "offsets"):
            assert getattr(found, name) is getattr(EVENTS, name)
        assert [column.dtype for column in found.muon_columns] == [np.float32] * 3
        assert (found.muons != EVENTS.muons).any()
    assert TITLES.keys() == {distortion.name for distortion in DISTORTIONS}


@pytest.mark.parametrize("strength", [0.02, -0.1])
def test_scales(strength: float) -> None:
    energy, radius = (f(EVENTS, rng(), strength) for f in (scale_energy, scale_radius))
    factor = np.array([1.0 + strength, 1.0, 1.0])
    np.testing.assert_allclose(energy.muons, EVENTS.muons * factor, rtol=1e-6)
    np.testing.assert_allclose(radius.muons, EVENTS.muons * (2.0 + strength - factor), rtol=1e-6)


def test_smearing_keeps_the_mean_and_has_the_width() -> None:
    ratio = smear_energy(EVENTS, rng(), 0.2).muon_energy / EVENTS.muon_energy
    assert ratio.mean() == pytest.approx(1.0, abs=4 * 0.2 / np.sqrt(len(ratio)))
    assert ratio.std() == pytest.approx(0.2, rel=0.05)


def test_permuted_energies_stay_in_their_bundle() -> None:
    found = permute_energies(EVENTS, rng())
    np.testing.assert_array_equal(found.muons[:, 1:], EVENTS.muons[:, 1:])
    bundle = np.repeat(np.arange(len(EVENTS)), EVENTS.counts)
    for events in (found, EVENTS):
        energies = events.muon_energy[np.lexsort((events.muon_energy, bundle))]
        expected = EVENTS.muon_energy[np.lexsort((EVENTS.muon_energy, bundle))]
        np.testing.assert_array_equal(energies, expected)


def test_shuffled_muons_stay_whole_and_among_equal_numbers() -> None:
    found = shuffle_muons(EVENTS, rng())
    n = np.repeat(EVENTS.counts, EVENTS.counts)
    for count in (1, 2, 5):
        chosen = n == count
        np.testing.assert_array_equal(
            sorted_rows(found.muons[chosen]), sorted_rows(EVENTS.muons[chosen])
        )
        # hardly a muon is where it was
        assert (found.muon_energy[chosen] == EVENTS.muon_energy[chosen]).mean() < 0.05
