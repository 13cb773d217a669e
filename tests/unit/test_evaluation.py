"""The evaluation: the contract of metrics.json, and that known defects are seen."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries, toy_mean

from fastsim.bundles import power
from fastsim.bundles.baseline_table import contests
from fastsim.bundles.blind_results import page
from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.config.models import BundleModel
from fastsim.bundles.cost_table import cost_rows
from fastsim.bundles.described import OBSERVABLES, Described
from fastsim.bundles.distribution_metrics import (
    azimuthal_isotropy,
    observable_distances,
    worst_observable,
)
from fastsim.bundles.evaluation import check_pair, evaluate
from fastsim.bundles.figure_texts import FIGURE_TEXTS, MODEL_TEXTS
from fastsim.bundles.figures.registry import FIGURES, MODEL_FIGURES
from fastsim.bundles.headline import headline
from fastsim.bundles.lookup_baselines import LOOKUPS
from fastsim.bundles.multiplicity_metrics import multiplicity_metrics
from fastsim.bundles.power import power_sentence
from fastsim.bundles.separation_metrics import EVENT_AUCS
from fastsim.bundles.weighting import FLUX_MODELS
from fastsim.errors import InputError
from fastsim.stats.negative_binomial import NegativeBinomialMixture

# no seed of the evaluation: its PIT would draw the very numbers of the primaries
PRIMARIES = draw_primaries(1500, 21)
SHAPE = 3.0
EVENT_KEYS = ("c2st_auc_event", "c2st_auc_event_true_n", "c2st_auc_event_counts", "c2st_auc_set")


def toy_distribution(primaries: np.ndarray, shape: float = SHAPE, scale: float = 1.0):
    """Return the true P(N | primary) of the toy, or one of another shape or scale."""
    mean = scale * toy_mean(primaries.astype(np.float64))[:, None]
    return NegativeBinomialMixture(np.ones_like(mean), mean, np.full_like(mean, shape))


def with_muons_of(seed: int):
    """Return what gives events new muons of the toy, as many."""
    return lambda events: draw_events(events.primaries, seed, like=events)


@pytest.fixture(scope="module")
def real():
    return draw_events(PRIMARIES, 2)


@pytest.fixture(scope="module")
def metrics(real):
    config = EvaluateConfig(bootstrap_replicas=20, classifier_repeats=2)
    lookups = {name: draw_events(PRIMARIES, 4, energy_scale=1.2) for name in LOOKUPS}
    generated = draw_events(PRIMARIES, 3)
    distribution = toy_distribution(PRIMARIES)
    with pytest.MonkeyPatch.context() as patch:
        # quick: the other repeats only lower the noise
        patch.setattr(power, "REPEATS", 1)
        sources = with_muons_of(5), distribution, lookups, draw_events(PRIMARIES, 6)
        return evaluate(real, generated, *sources, 1.0, config)


def test_metrics_keep_the_contract(metrics, real) -> None:
    json.dumps(metrics, allow_nan=False)
    names = {observable.name for observable in OBSERVABLES}
    for table in ("observables", *(f"observables_{flux}" for flux in FLUX_MODELS)):
        assert set(metrics[table]) == names
        for figures in metrics[table].values():
            assert set(figures) == {"generated", "floor"}
            for figure in figures.values():
                assert set(figure) == {"ks", "ks_error", "w1", "w1_error"}
                assert 0 <= figure["ks"] <= 1
                assert figure["ks_error"] >= 0
    for key in EVENT_KEYS:
        for side in ("generated", "floor"):
            assert set(metrics[key][side]) == {"value", "spread", "mean_error", "error"}
    # too few large bundles in so small a sample
    for key in ("c2st_auc_event_n30", "c2st_auc_event_n300"):
        assert metrics[key] == {"generated": None, "floor": None}
    for figures in metrics["baselines"].values():
        assert set(figures) == {"observables", *EVENT_AUCS}
        assert set(figures["observables"]) == names
        assert figures["c2st_auc_event"]["value"] > 0.55
        assert figures["c2st_auc_event_n30"] is None
    assert set(metrics["fpd"]["generated"]) == {"value", "spread", "error"}
    assert set(metrics["kpd"]["generated"]) == {"value", "error"}
    assert metrics["samples"]["truth"] == {
        "showers": 1500,
        "events": 3000,
        "events_with_muons": int((real.counts > 0).sum()),
        "events_n30": int((real.counts >= 30).sum()),
        "events_n300": int((real.counts >= 300).sum()),
        "muons": int(real.counts.sum()),
    }
    sizes = metrics["samples_one_depth"]["truth"]
    assert sizes["showers"] == sizes["events"] == 1500
    for table in ("tails", "correlations"):
        for figure in metrics[table].values():
            assert set(figure) - {"limit"} == {"truth", "generated", "difference", "error", "pull"}
    assert metrics["weighted_spectra"].keys() == FLUX_MODELS.keys()
    assert metrics["worst_observable"]["name"] in names
    for figure in metrics["neighbours"].values():
        assert set(figure["generated"]) - {"expected"} == {"value", "error"}
    bins = metrics["multiplicity"]["bins"]
    for name in ("energy", "radius"):
        assert len(metrics["scales"]["by_primary"][name]["pull"]) == len(bins["events"])
        assert len(metrics["scales"]["by_n"][name]["scale"]) == 6
    assert {len(column) for column in bins.values()} == {len(bins["events"])}
    for name in ("model", "elbert", "gaisser_verpoest", "sibyll_refit"):
        bias = metrics["multiplicity"][name]["mean_bias"]
        assert len(bias["bias"]) == len(bias["pull"]) == len(bins["events"]) > 10


def test_perfect_generator_is_found_perfect(metrics) -> None:
    for key in EVENT_KEYS:
        assert metrics[key]["generated"]["value"] == pytest.approx(0.5, abs=0.04)
    for name, figures in metrics["observables"].items():
        assert figures["generated"]["ks"] < 3 * figures["floor"]["ks"], name
    model = metrics["multiplicity"]["model"]
    assert model["pit_ks"] < 0.03
    # 1.03 +- 0.17 of so few bins
    assert 0.5 < model["mean_bias"]["pull_rms"] < 1.6
    assert model["nll"] < metrics["multiplicity"]["poisson"]["nll"]
    assert model["crps"] < metrics["multiplicity"]["poisson"]["crps"]
    assert metrics["worst_observable"]["pull"] < 4
    copied = metrics["neighbours"]["nearer_to_training"]["generated"]
    assert abs(copied["value"] - copied["expected"]) < 4 * copied["error"]
    rows = [row for row in headline([metrics]) if "AUC" in row.name]
    assert [row.name for row in rows if row.cells[0].kept is False] == []


@pytest.fixture(scope="module")
def compared(real):
    """Metrics of another model, whose energies are wrong."""
    config = EvaluateConfig(bootstrap_replicas=20, classifier_repeats=2)
    scaled = draw_events(PRIMARIES, 3, energy_scale=1.5)
    training = draw_events(PRIMARIES, 6)
    return evaluate(real, scaled, with_muons_of(5), None, None, training, 1.0, config)


def test_another_model_is_measured_alike_but_for_what_all_share(metrics, compared) -> None:
    assert metrics.keys() - compared.keys() == {
        "baselines",
        "c2st_auc_event_counts",
        "multiplicity",
        "power",
    }
    for key in ("c2st_auc_event", "c2st_auc_set", "fpd", "kpd"):
        assert compared[key]["floor"] == metrics[key]["floor"]
    for name, figures in compared["observables"].items():
        assert figures["floor"] == metrics["observables"][name]["floor"]


def test_the_headline_has_a_column_for_every_model(metrics, compared) -> None:
    rows = {row.name: row for row in headline([metrics, compared])}
    alone = {row.name: row for row in headline([metrics])}
    assert rows.keys() == alone.keys()
    for name, row in rows.items():
        assert row.cells[0] == alone[name].cells[0]
        assert (row.floor, row.limit) == (alone[name].floor, alone[name].limit)
    # the numbers of muons are those of one model
    single = {name for name, row in rows.items() if len(row.cells) == 1}
    assert single == {name for name in rows if "multiplicity" in name or "⟨N⟩" in name} | {
        "Log score of N per event (NLL)",
        "Classifier AUC, N alone",
    }
    for name in ("Classifier AUC, bundles with muons", "KS of the muon energy"):
        assert [cell.kept for cell in rows[name].cells] == [True, False], name


def test_folds_of_the_multiplicity_have_a_row(metrics) -> None:
    figures = {"members": 5, "spread": [], "spread_rms": 0.3, "deviation_rms": 0.6, "ratio": 0.5}
    folded = metrics | {"multiplicity": metrics["multiplicity"] | {"folds": figures}}
    (added,) = {row.name for row in headline([folded])} - {row.name for row in headline([metrics])}
    assert added == "Spread of ⟨N⟩ per bin, 5 folds"


def test_costs_have_a_column_for_every_model() -> None:
    gan = {"parameters": 75_394, "training_seconds": 330.4, "muons_per_second": 686_000.0}
    flow = {"parameters": 22_510, "training_seconds": 126.0, "muons_per_second": 98_000.0}
    rows = cost_rows(
        [{"costs": gan | {"validation_nll": None}}, {"costs": flow | {"validation_nll": 2.83371}}]
    )
    assert [texts for _, texts in rows] == [
        ("75,394", "22,510"),
        ("330", "126"),
        ("686,000", "98,000"),
        ("", "2.8337"),
    ]


def test_the_page_of_the_blind_test_has_the_figures_of_every_model(metrics, compared) -> None:
    costs = {"parameters": 7, "training_seconds": 1.0, "muons_per_second": 2.0}
    costs["validation_nll"] = None
    models = [
        figures | {"bundle_model": model, "costs": costs}
        for figures, model in ((metrics, "gan"), (compared, "flow"))
    ]
    scale = {"scale": 1.25, "error": 0.5}
    differences = [
        {"folder": folder, "showers": 10, "mean_n": scale, "energy": scale, "radius": None}
        | {"auc": None}
        for folder in ("blind_test/sibyll21", "blind_test/gan/hadronic")
    ]
    text = page(
        models,
        differences,
        {"seed": 20, "goals": "default"},
        {
            "showers": 1000,
            "seed": 1,
            "energy_min": 1e4,
            "energy_max": 1e6,
            "spectral_index": 1.0,
            "zenith_min": 0.0,
            "zenith_max": 60.0,
            "slant_depths": [1500.0, 2000.0],
            "hadronic_model": "sibyll23d",
        },
        {"held_out_nucleus": "He", "held_out_log10_energy": None},
        [{"stage": "train_gan", "config": {"seed": 3}}],
        "results.png",
    )
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    cells = {row[0]: row[1:] for row in rows}
    # the first model is a perfect one, the other's energies are those of 1.5 times the scale
    assert cells["Event AUC - floor, generated N"][0].startswith("✓")
    assert cells["Event AUC - floor, generated N"][2].startswith("✗")
    assert cells["Sibyll 2.1"] == ["+1.25 ± 0.50 %"] * 2 + ["too few muons", "too few events"]
    figures = [model["observables"]["log10_muon_energy"]["generated"] for model in models]
    texts = [f"{f['ks']:.4f} ± {f['ks_error']:.4f}" for f in figures]
    assert cells["log10 muon energy"][1:] == texts
    scales = [model["scales"]["by_n"]["energy"] for model in models]
    texts = [f"{s['scale'][1]:+.2f} ± {s['error'][1]:.2f} %" for s in scales]
    assert cells["N = 2 to 4"][:2] == texts
    shares = [model["tails"]["leading_last_per_mille"] for model in models]
    assert cells["leading last per mille"][3:] == [f"{s['pull']:+.1f}" for s in shares]
    values = [shares[0]["truth"], *(share["generated"] for share in shares)]
    texts = [f"{s['value']:.2e} ± {s['error']:.0e}" for s in values]
    assert cells["leading last per mille"][:3] == texts
    assert "2000 m of ice. Showers of the nucleus He were held out of it." in text


def test_power_is_that_of_known_defects(metrics) -> None:
    found, error = metrics["power"], metrics["power"]["error"]
    assert abs(found["floor"] - 0.5) < 4 * error
    excess = {(d["name"], d["strength"]): d["excess"] for d in found["distortions"]}
    assert excess["permuted_energies", None] > 5 * error
    # a toy muon owes nothing to the primary: shuffling is no defect
    assert abs(excess["shuffled_muons", None]) < 4 * error
    assert abs(excess["energy_scale", 0.01]) < 4 * error
    sentence = power_sentence(found)
    seen, unseen = sentence.split("it does not see:")
    assert "energies permuted within bundles" in seen
    assert "muons shuffled between bundles of equal N" in unseen
    assert "too few" in power_sentence(None)


def test_perfect_generator_has_no_pulls(metrics) -> None:
    for table in ("tails", "correlations"):
        for name, figure in metrics[table].items():
            assert figure["pull"] is None or abs(figure["pull"]) < 4, name
    for name in ("energy", "radius"):
        assert 0.6 < metrics["scales"]["by_primary"][name]["pull_rms"] < 1.4


def test_five_per_cent_of_energy_scale_is_seen(real) -> None:
    scaled = draw_events(PRIMARIES, 3, energy_scale=1.05)
    figures = observable_distances(Described(real), Described(scaled), 50, 1)
    energy = figures["log10_muon_energy"]
    # the shift in units of the width of log10 energy, 0.5
    expected = np.log10(1.05) / 0.5
    assert energy["generated"]["w1"] == pytest.approx(
        expected, abs=4 * energy["generated"]["w1_error"]
    )
    assert energy["generated"]["w1"] > energy["floor"]["w1"] + 3 * energy["generated"]["w1_error"]


def test_poisson_multiplicity_is_seen(real) -> None:
    poisson = draw_events(PRIMARIES, 3, shape=None)
    figures = observable_distances(Described(real), Described(poisson), 50, 1)["n"]
    assert (
        figures["generated"]["ks"] > figures["floor"]["ks"] + 3 * figures["generated"]["ks_error"]
    )
    scores = multiplicity_metrics(toy_distribution(PRIMARIES, shape=1e6), real, 1)
    assert scores["model"]["pit_ks"] > 0.05
    assert scores["model"]["nll"] == pytest.approx(scores["poisson"]["nll"], rel=1e-3)


def test_biased_mean_is_seen(real) -> None:
    biased = multiplicity_metrics(toy_distribution(PRIMARIES, scale=1.3), real, 1)["model"]
    assert biased["mean_bias"]["pull_rms"] > 2.0
    assert np.mean(biased["mean_bias"]["bias"]) > 0


def test_worst_observable_is_the_distorted_one(real) -> None:
    wide = replace(real, muon_x=1.5 * real.muon_x, muon_y=1.5 * real.muon_y)
    worst = worst_observable(observable_distances(Described(real), Described(wide), 2, 1))
    assert "radius" in worst["name"]
    assert worst["pull"] > 10
    assert worst_observable({"radius": {"generated": None, "floor": None}}) is None


@pytest.mark.parametrize("showers", [40, 15])
def test_tiny_samples_give_null_or_one_line(showers: int) -> None:
    primaries = draw_primaries(showers, 1)
    real, generated = draw_events(primaries, 2), draw_events(primaries, 3)
    config = EvaluateConfig(bootstrap_replicas=5, classifier_repeats=2)
    lookups = dict.fromkeys(LOOKUPS, generated)
    sources = with_muons_of(5), toy_distribution(primaries), lookups, generated
    found = evaluate(real, generated, *sources, 1.0, config)
    json.dumps(found, allow_nan=False)
    assert found["power"] is None
    for figures in (*(found[key] for key in EVENT_KEYS), *found["neighbours"].values()):
        assert figures == {"generated": None, "floor": None}
    assert [row for row in headline([found]) if row.cells[0].value == "too few events"]
    assert contests(found)
    empty = real.select(np.flatnonzero(real.counts > 0)[:5])
    with pytest.raises(InputError, match="5 test events have muons; at least 10"):
        evaluate(empty, empty, *sources, 1.0, config)


def test_preferred_direction_is_seen(real) -> None:
    pushed = replace(real, muon_x=real.muon_x + np.float32(0.5))
    assert azimuthal_isotropy(Described(real))["muons"]["rayleigh_p"] > 0.001
    assert azimuthal_isotropy(Described(pushed))["muons"]["rayleigh_p"] < 1e-4


def test_samples_that_do_not_belong_together_are_refused(real) -> None:
    rows = np.arange(len(real))
    with pytest.raises(InputError, match="2999 generated events for 3000"):
        check_pair(real, real.select(rows[1:]))
    swapped = rows.copy()
    swapped[[4, 5]] = 5, 4
    with pytest.raises(InputError, match="row 4: generated event 5 is not test event 4"):
        check_pair(real, real.select(swapped))
    empty = real.select(np.flatnonzero(real.counts == 0))
    with pytest.raises(InputError, match="0 test events have muons"):
        check_pair(empty, empty)


def test_every_figure_has_a_caption() -> None:
    assert list(FIGURES) == list(FIGURE_TEXTS)
    assert MODEL_FIGURES.keys() == MODEL_TEXTS.keys() == set(get_args(BundleModel))
    for model, figures in MODEL_FIGURES.items():
        assert list(figures) == list(MODEL_TEXTS[model])
