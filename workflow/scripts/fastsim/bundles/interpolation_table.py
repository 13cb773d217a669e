"""The report's table of what was held out of the trainings, beside the rest."""

from collections.abc import Sequence
from typing import Any

from fastsim.bundles.model_runs import TITLES
from fastsim.bundles.scale_metrics import QUANTITIES

Metrics = dict[str, Any]


def part_titles(interpolation: Metrics) -> list[str]:
    """Return the heads of the columns, from ``interpolation`` of ``metrics.json``."""
    held = interpolation["held_out"]
    titles = {"nucleus": f"nucleus {held['nucleus']}", "both": "both", "rest": "the rest"}
    if held["log10_energy"] is not None:
        titles["energies"] = "10^{:g} to 10^{:g} GeV".format(*held["log10_energy"])
    return [titles[name] for name in interpolation["parts"]]


def interpolation_rows(models: Sequence[Metrics]) -> list[tuple[str, list[str]]]:
    """Return name and a text for every part of what ``interpolation`` says; empty: too few events.

    Args:
        models: contents of ``metrics.json``, the model that generates first: the floors are taken
            from it, and what is said of the numbers of muons.
    """
    first, *_ = columns = [metrics["interpolation"]["parts"].values() for metrics in models]
    titles = [TITLES[metrics["bundle_model"]] for metrics in models]
    rows = [("Events, one of a shower", [f"{part['events']:,}" for part in first])]
    for title, parts in zip(titles, columns, strict=True):
        aucs = [_value(part["c2st_auc_event"]["generated"]) for part in parts]
        rows.append((f"Classifier AUC, {title}", aucs))
    floors = [_value(part["c2st_auc_event"]["floor"]) for part in first]
    rows.append(("Classifier AUC, floor", floors))
    for quantity in QUANTITIES:
        for title, parts in zip(titles, columns, strict=True):
            scales = [_percent(part["scales"][quantity], "scale") for part in parts]
            rows.append((f"Scale of the {quantity}, {title}", scales))
    rows.append(("Bias of ⟨N⟩", [_percent(part["mean_bias"], "bias") for part in first]))
    rows.append(("PIT KS of N (95 % line)", [_pit(part["pit"]) for part in first]))
    return rows


def _value(figure: Metrics | None) -> str:
    return "" if figure is None else f"{figure['value']:.3f} ± {figure['error']:.3f}"


def _percent(figure: Metrics | None, key: str) -> str:
    return "" if figure is None else f"{figure[key]:+.2f} ± {figure['error']:.2f} %"


def _pit(figure: Metrics | None) -> str:
    return "" if figure is None else f"{figure['ks']:.4f} ({figure['line']:.4f})"
