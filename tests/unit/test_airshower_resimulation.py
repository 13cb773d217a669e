"""Given primaries simulated again: what stays, what is new, and that it is the same physics."""

import numpy as np
import pytest

from fastsim.airshower.primaries import PrimarySpectrum
from fastsim.airshower.resimulation import resimulate
from fastsim.airshower.showers import ShowerSimulation
from fastsim.bundles.events import Events
from fastsim.errors import InputError
from fastsim.stats.paired import paired_ratio

COMPOSITION = {"p": 1.0, "He": 1.0}
ALTITUDE = 2834.0


@pytest.fixture(scope="module")
def events(cascade):
    spectrum = PrimarySpectrum(1e5, 4e5, 1.0, COMPOSITION, 0.0, 1.0)
    simulation = ShowerSimulation(spectrum, (1500.0, 2000.0), ALTITUDE, 5, cascade, one_depth=True)
    return Events.concatenate(list(simulation.events(0, 250)))


@pytest.fixture(scope="module")
def again(events, cascade):
    return Events.concatenate(list(resimulate(events, ALTITUDE, 6, cascade)))


def shared(events, others):
    """Return the share of muons whose energy is that of another: by chance, some in float32."""
    return np.isin(others.muon_energy, events.muon_energy).mean()


def test_ids_and_primaries_stay_and_muons_are_new(events, again):
    for name in ("event_id", "shower_id", "primaries"):
        np.testing.assert_array_equal(getattr(again, name), getattr(events, name))
    assert shared(events, again) < 0.02


def test_it_is_the_simulation_of_the_same_primaries(events, again):
    once = np.ones(len(events))
    found = paired_ratio((events.counts, once), (again.counts, once), events.shower_id)
    assert found["truth"]["value"] > 0.5
    assert abs(found["pull"]) < 4
    # the primaries are those of each row: what they fix drops out
    unpaired = np.hypot(found["truth"]["error"], found["generated"]["error"])
    assert found["error"] < 0.9 * unpaired


def test_a_shower_depends_on_seed_and_event_id_alone(events, again, cascade):
    rows = np.argsort(again.counts)[[-1, -5, -3]]
    chosen = Events.concatenate(list(resimulate(events.select(rows), ALTITUDE, 6, cascade)))
    for name in ("event_id", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(chosen, name), getattr(again.select(rows), name))
    other = Events.concatenate(list(resimulate(events.select(rows), ALTITUDE, 7, cascade)))
    assert shared(chosen, other) == 0


def test_a_nucleus_that_the_hadronic_model_does_not_know_is_told(events, cascade):
    primaries = events.primaries.copy()
    primaries[7, 1] = 60 * 0.93149
    heavy = Events(events.event_id, events.shower_id, primaries, events.offsets, *events.muons.T)
    with pytest.raises(InputError, match=r"mass number 60 of row 7; .* at most 56 nucleons"):
        next(resimulate(heavy, ALTITUDE, 6, cascade))
