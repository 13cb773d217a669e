"""What is said of held-out parts: a model that is wrong in one of them is found wrong there."""

import json

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries, toy_mean

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.config.split import HeldOutConfig
from fastsim.bundles.interpolation_metrics import interpolation_metrics
from fastsim.bundles.interpolation_table import interpolation_rows, part_titles
from fastsim.bundles.splits import held_out
from fastsim.stats.negative_binomial import NegativeBinomialMixture

PRIMARIES = draw_primaries(3000, 21)
HELD_OUT = HeldOutConfig(held_out_nucleus="N", held_out_log10_energy=(5.5, 6.5))
EVALUATION = EvaluateConfig(classifier_repeats=2)
REAL = draw_events(PRIMARIES, 2)


def distribution(scale):
    """Return P(N | primary) of the toy with a mean times ``scale`` (events,)."""
    mean = (scale * toy_mean(PRIMARIES.astype(np.float64)))[:, None]
    return NegativeBinomialMixture(np.ones_like(mean), mean, np.full_like(mean, 3.0))


@pytest.fixture(scope="module")
def found():
    """Muons too hard of the held-out nucleus, <N> too large at the held-out energies."""
    held = held_out(PRIMARIES, HELD_OUT)
    twin = draw_events(PRIMARIES, 3)
    hard = np.repeat(np.where(held["nucleus"], np.float32(1.5), np.float32(1.0)), twin.counts)
    twin.muon_energy[:] *= hard
    model = distribution(np.where(held["energies"], 1.2, 1.0))
    return interpolation_metrics(REAL, twin, model, HELD_OUT, EVALUATION)


def test_every_shower_is_in_one_part(found):
    json.dumps(found, allow_nan=False)
    parts = found["parts"]
    assert list(parts) == ["nucleus", "energies", "both", "rest"]
    assert sum(part["events"] for part in parts.values()) == 3000
    held = held_out(PRIMARIES[::2], HELD_OUT)
    assert parts["both"]["events"] == (held["nucleus"] & held["energies"]).sum()
    assert parts["nucleus"]["events"] == (held["nucleus"] & ~held["energies"]).sum()


def test_muons_are_found_wrong_where_they_are(found):
    for name, part in found["parts"].items():
        scale = part["scales"]["energy"]
        if name in ("nucleus", "both"):
            assert abs(scale["scale"] - 50.0) < 4 * scale["error"]
            assert scale["pull"] > 4
        else:
            assert abs(scale["pull"]) < 4
        assert abs(part["scales"]["radius"]["pull"]) < 4
    aucs = {name: part["c2st_auc_event"]["generated"] for name, part in found["parts"].items()}
    assert aucs["both"]["value"] > 0.5 + 4 * aucs["both"]["error"]
    for name in ("energies", "rest"):
        assert abs(aucs[name]["value"] - 0.5) < 4 * aucs[name]["error"]


def test_numbers_are_found_wrong_where_they_are(found):
    for name, part in found["parts"].items():
        bias, pit = part["mean_bias"], part["pit"]
        wrong = name in ("energies", "both")
        assert abs(bias["bias"] - (20.0 if wrong else 0.0)) < 4 * bias["error"]
        # of a perfect model 1 in 1,000 is beyond 1.5 times the 95 % line
        assert pit["ks"] < 1.5 * pit["line"] or wrong
    assert found["parts"]["energies"]["pit"]["ks"] > found["parts"]["energies"]["pit"]["line"]


@pytest.mark.parametrize(
    ("values", "parts", "titles"),
    [
        ({"held_out_nucleus": "Fe"}, ["nucleus", "rest"], ["nucleus Fe", "the rest"]),
        (
            {"held_out_log10_energy": (5.5, 6.0)},
            ["energies", "rest"],
            ["10^5.5 to 10^6 GeV", "the rest"],
        ),
    ],
)
def test_there_are_parts_of_what_is_held_out_alone(values, parts, titles):
    few = REAL.select(np.arange(100))
    found = interpolation_metrics(few, few, None, HeldOutConfig(**values), EVALUATION)
    assert list(found["parts"]) == parts
    assert part_titles(found) == titles
    # said with the numbers of muons, which are the same for all models
    assert not {"mean_bias", "pit"} & found["parts"]["rest"].keys()


def test_a_part_without_events_says_so():
    iron = HeldOutConfig(held_out_nucleus="Fe", held_out_log10_energy=(8.0, 9.0))
    few = REAL.select(np.arange(200))
    model = distribution(1.0).select(np.arange(200))
    found = interpolation_metrics(few, few, model, iron, EVALUATION)
    empty = found["parts"]["both"]
    assert empty["events"] == 0
    assert empty["c2st_auc_event"] == {"generated": None, "floor": None}
    assert empty["scales"] == {"energy": None, "radius": None}
    assert empty["mean_bias"] is empty["pit"] is None


def test_the_table_has_a_row_for_every_model(found):
    alone = {"parts": {}, "held_out": found["held_out"]}
    for name, part in found["parts"].items():
        alone["parts"][name] = {k: v for k, v in part.items() if k not in ("mean_bias", "pit")}
    models = [
        {"bundle_model": "gan", "interpolation": found},
        {"bundle_model": "flow", "interpolation": alone},
    ]
    rows = dict(interpolation_rows(models))
    assert part_titles(found) == ["nucleus N", "10^5.5 to 10^6.5 GeV", "both", "the rest"]
    assert {len(texts) for texts in rows.values()} == {4}
    assert rows["Scale of the energy, WGAN-GP"] == rows["Scale of the energy, Neural spline flow"]
    assert rows["Events, one of a shower"][3] == f"{found['parts']['rest']['events']:,}"
    bias = found["parts"]["energies"]["mean_bias"]
    assert rows["Bias of ⟨N⟩"][1] == f"{bias['bias']:+.2f} ± {bias['error']:.2f} %"
    empty = {"c2st_auc_event": {"generated": None, "floor": None}, "events": 0}
    empty |= {"scales": dict.fromkeys(("energy", "radius")), "mean_bias": None, "pit": None}
    nothing = {"held_out": found["held_out"], "parts": {"both": empty}}
    rows = dict(interpolation_rows([{"bundle_model": "gan", "interpolation": nothing}]))
    assert set(map(tuple, rows.values())) == {("0",), ("",)}
