"""What the event classifier makes of distortions of known size, and where the model stands."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsim.bundles.distortions import TITLES
from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData

# of the two all-or-nothing distortions, in the order of the metrics
BROKEN = {"permuted_energies": "energies\npermuted", "shuffled_muons": "muons\nshuffled"}


def draw(data: FigureData) -> Figure:
    """Left: AUC above the floor against strength; right: of the distortions without one."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.0))
    graded, broken = figure.subplots(1, 2, width_ratios=(3, 1), sharey=True)
    power = data.metrics["power"]
    if power is None:
        graded.text(0.5, 0.5, "too few events", transform=graded.transAxes, ha="center")
        return figure
    entries = power["distortions"]
    names = dict.fromkeys(entry["name"] for entry in entries if entry["strength"] is not None)
    for name, color, marker in zip(names, style.FORMULAS, "osD", strict=True):
        chosen = [entry for entry in entries if entry["name"] == name]
        strength = [100.0 * entry["strength"] for entry in chosen]
        excess = [entry["excess"] for entry in chosen]
        graded.plot(strength, excess, color=color, marker=marker, ms=4, label=TITLES[name])
    excess = [entry["excess"] for entry in entries if entry["name"] in BROKEN]
    broken.bar(list(BROKEN.values()), excess, width=0.5, color=style.SERIES[-1])
    # small excesses are what it is about, and a broken correlation is large
    graded.set_yscale("symlog", linthresh=0.02, linscale=1.5)
    for axes in (graded, broken):
        _draw_model(axes, data.metrics["c2st_auc_event"], power["error"])
    ticks = sorted({100.0 * entry["strength"] for entry in entries if entry["strength"]})
    graded.set_xticks(ticks)
    graded.set_xlabel("strength / %")
    graded.set_ylabel("AUC above the floor")
    graded.legend(loc="upper left", fontsize=7)
    return figure


def _draw_model(axes: Axes, auc: dict[str, Any], error: float) -> None:
    axes.axhspan(-error, error, color=style.BAND, alpha=0.6, lw=0)
    axes.axhline(0.0, color=style.REAL, lw=0.8)
    if auc["generated"] is not None:
        excess = auc["generated"]["value"] - auc["floor"]["value"]
        axes.axhline(excess, color=style.GENERATED, ls="--", label="this model")
    axes.yaxis.set_major_formatter(lambda value, _: f"{np.round(value, 3):g}")
