"""What tells two samples apart: classifiers of events and raw muons, the Fréchet distance."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles import separation_metrics
from fastsim.bundles.described import Described
from fastsim.bundles.separation_metrics import counts_auc, event_auc, physics_distances, set_auc
from fastsim.bundles.set_classifier import set_classifier_auc

PRIMARIES = draw_primaries(1500, 21)


@pytest.fixture(scope="module")
def real():
    return draw_events(PRIMARIES, 2)


def test_the_network_on_raw_muons_sees_events_of_the_whole_sample(monkeypatch) -> None:
    seen = []

    def classifier(a, b, _):
        seen.append((a, b))
        return 0.5

    monkeypatch.setattr(separation_metrics, "SET_EVENTS", 300)
    monkeypatch.setattr(separation_metrics, "set_classifier_auc", classifier)
    # as of files with a nucleus each
    primaries = PRIMARIES[np.argsort(PRIMARIES[:, 1], kind="stable")]
    a, b = (Described(draw_events(primaries, seed)).at_least(1) for seed in (2, 3))
    set_auc(a, b, 2, 1)
    for sample, whole in zip(seen[0], (a, b), strict=True):
        assert len(sample) == 300
        nuclei, events = np.unique(sample.primaries[:, 1], return_counts=True)
        assert len(nuclei) == 5
        assert events.min() > 20
        assert set(sample.event_id) <= set(whole.events.event_id)
        assert (np.diff(sample.event_id.astype(np.int64)) > 0).all()
    # the events of one sample are nearly those of the other
    assert len(np.intersect1d(seen[0][0].event_id, seen[0][1].event_id)) > 200


def test_frechet_distance_and_its_floor_are_of_equal_size(real) -> None:
    """Of a sample and itself they are the same; of wrong energies they are not."""
    bundles = Described(real).at_least(1)
    fpd = physics_distances(bundles, bundles, 3, 1)["fpd"]
    assert fpd["generated"]["value"] == fpd["floor"]["value"]
    wrong = Described(draw_events(PRIMARIES, 5, energy_scale=1.2)).at_least(1)
    seen = physics_distances(bundles, wrong, 3, 1)["fpd"]
    assert seen["floor"] == fpd["floor"]
    assert seen["generated"]["value"] > seen["floor"]["value"] + 5 * seen["generated"]["error"]


def test_lost_correlation_of_energy_and_radius_is_seen(real) -> None:
    lost = draw_events(PRIMARIES, 3, independent_radius=True)
    a, b = (Described(events.select(events.counts > 0)) for events in (real, lost))
    assert event_auc(a, b, 2, 1)["generated"]["value"] > 0.6
    assert set_classifier_auc(a.events, b.events, 1) > 0.6


def test_the_network_on_raw_muons_takes_bundles_without_extent() -> None:
    events = draw_events(draw_primaries(100, 1), 1)
    on_axis = replace(events, muon_x=0 * events.muon_x, muon_y=0 * events.muon_y)
    assert 0.3 < set_classifier_auc(on_axis, on_axis, 1) < 0.7


def test_settings_tell_the_two_models_apart() -> None:
    """N alone is blind to muons; muons for the true N are blind to a wrong P(N)."""
    primaries = draw_primaries(3000, 8)[::2]
    real, poisson = draw_events(primaries, 9), draw_events(primaries, 10, shape=None)
    hard = draw_events(primaries, 11, energy_scale=1.3, like=real)
    truth, counts, muons = (Described(events) for events in (real, poisson, hard))
    assert counts_auc(truth, counts, 2, 1)["generated"]["value"] > 0.58
    blind = counts_auc(truth, muons, 2, 1)["generated"]
    assert abs(blind["value"] - 0.5) < 4 * blind["error"]
    right = Described(draw_events(primaries, 12, like=real))
    for sample, seen in ((muons, True), (right, False)):
        found = event_auc(truth.at_least(1), sample.at_least(1), 2, 1)["generated"]
        assert (found["value"] > 0.5 + 5 * found["error"]) == seen


def test_too_few_events_for_a_classifier_give_null(real) -> None:
    few = Described(real.select(np.flatnonzero(real.counts > 0)[:100]))
    assert event_auc(few, few, 2, 1) == {"generated": None, "floor": None}
