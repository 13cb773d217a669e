"""Lookups in the training events: what they keep, and that they depend on nothing but labels."""

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.baseline_metrics import baseline_metrics
from fastsim.bundles.baseline_table import contests, verdicts
from fastsim.bundles.described import OBSERVABLES, Described
from fastsim.bundles.events import write_events
from fastsim.bundles.lookup_baselines import LOOKUPS, Lookups, read_training_events
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.errors import InputError

TRAINING = draw_events(draw_primaries(1000, 1), 2)
REAL = draw_events(draw_primaries(400, 3), 4)


@pytest.fixture(scope="module")
def lookups():
    return Lookups(TRAINING, fit_normalization(lambda: [TRAINING], "fitted"), 1)


@pytest.fixture(scope="module")
def found(lookups):
    return lookups.all(REAL)


def test_bundles_are_a_function_of_the_event_alone(lookups, found) -> None:
    rows = np.random.default_rng(1).permutation(len(REAL))[:300]
    again = lookups.all(REAL.select(rows))
    assert list(found) == list(LOOKUPS)
    for name in found:
        np.testing.assert_array_equal(again[name].muons, found[name].select(rows).muons)


def test_numbers_of_muons(found) -> None:
    for name in ("marginals", "neighbours"):
        np.testing.assert_array_equal(found[name].counts, REAL.counts)
    nearest = found["nearest"].counts
    assert ((nearest > 0) == (REAL.counts > 0)).all()
    filled = REAL.counts > 0
    assert np.corrcoef(np.log(nearest[filled]), np.log(REAL.counts[filled]))[0, 1] > 0.97


def test_muons_are_those_of_the_training_events(found) -> None:
    known = set(TRAINING.muon_energy.tolist())
    assert set(found["neighbours"].muon_energy.tolist()) <= known
    nearest = found["nearest"]
    bundles = {tuple(TRAINING.select([row]).muon_energy) for row in range(len(TRAINING))}
    for row in np.flatnonzero(nearest.counts > 0)[:100]:
        assert tuple(nearest.select([row]).muon_energy) in bundles


def test_marginals_have_the_correlation_of_energy_and_radius(found) -> None:
    def correlation(events):
        muons = Described(events).per_muon
        return np.corrcoef(muons["log10_energy"], muons["log10_radius"])[0, 1]

    assert correlation(found["marginals"]) == pytest.approx(correlation(REAL), abs=0.03)


def test_maps_are_fitted_where_the_dataset_has_none() -> None:
    seed = fit_normalization(lambda: [TRAINING], "seed")
    marginals = Lookups(TRAINING, seed, 1).all(REAL)["marginals"]
    assert np.median(marginals.muon_energy) == pytest.approx(np.median(REAL.muon_energy), rel=0.1)


def test_training_events_are_thinned_by_their_ids(tmp_path) -> None:
    write_events(tmp_path / "all.parquet", TRAINING, "test")
    halves = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, rows in zip(halves, np.array_split(np.arange(len(TRAINING)), 2), strict=True):
        write_events(path, TRAINING.select(rows), "test")
    one, two = (read_training_events(p, 700, 1) for p in ([tmp_path / "all.parquet"], halves))
    np.testing.assert_array_equal(one.event_id, two.event_id)
    assert len(one) == pytest.approx(700, abs=100)
    assert len(read_training_events(halves, 10_000, 1)) == len(TRAINING)
    write_events(tmp_path / "few.parquet", TRAINING.select(np.arange(30)), "test")
    with pytest.raises(InputError, match="training events have muons; the lookups need"):
        read_training_events([tmp_path / "few.parquet"], 700, 1)


def test_the_report_says_where_the_model_loses(found) -> None:
    real = Described(REAL)
    figures = {n: baseline_metrics(real, Described(e), 10, 2, 1) for n, e in found.items()}
    # a lookup draws independent muons, as these events have them: of the density it is at 0, too
    observables = {o.name: {"ks": 0.0, "ks_error": 0.001} for o in OBSERVABLES}
    metrics = {
        "baselines": figures,
        "c2st_auc_event": {key: {"value": 0.4, "error": 0.0} for key in ("generated", "floor")},
        "c2st_auc_event_n30": {"generated": None, "floor": None},
        "c2st_auc_event_n300": {"generated": None, "floor": None},
        "observables": {name: {"generated": ks, "floor": ks} for name, ks in observables.items()},
    }
    rows = contests(metrics)
    # the numbers of muons are no contest
    assert len(rows) == 1 + len(OBSERVABLES) - 2
    assert all(row.lowest == 0 for row in rows)
    assert all("in all" in sentence for sentence in verdicts(rows))
    metrics["c2st_auc_event"]["generated"] = {"value": 0.9, "error": 0.01}
    for sentence in verdicts(contests(metrics)):
        assert f"in 1 of {len(rows)}: Classifier AUC, bundles with muons." in sentence
