"""Scales of energy and radius: pulls in bins of the primary, and per cent in classes of N."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.scale_metrics import QUANTITIES

PULL_RANGE = 6.0
PULL_BINS = 36
COLORS = dict(zip(QUANTITIES, (style.GENERATED, style.FORMULAS[0]), strict=True))
# per cent: a class whose error is larger says nothing
LARGEST_ERROR = 10.0


def draw(data: FigureData) -> Figure:
    """Left: pulls over bins of energy, mass, zenith and depth; right: scale against N."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.2))
    pulls, classes = figure.subplots(1, 2)
    _draw_pulls(pulls, data.metrics["scales"]["by_primary"])
    _draw_classes(classes, data.metrics["scales"]["by_n"])
    return figure


def _draw_pulls(axes: Axes, figures: dict[str, Any]) -> None:
    edges = np.linspace(-PULL_RANGE, PULL_RANGE, PULL_BINS + 1)
    bins = 0
    for name, color in COLORS.items():
        known = [pull for pull in figures[name]["pull"] if pull is not None]
        bins = max(bins, len(known))
        # what lies outside is counted in the outermost bins
        counts, _ = np.histogram(np.clip(known, -PULL_RANGE, PULL_RANGE), edges)
        rms = figures[name]["pull_rms"]
        text = "none" if rms is None else f"{rms:.2f}"
        axes.stairs(counts, edges, color=color, label=f"{name}, RMS {text}")
    x = np.linspace(-PULL_RANGE, PULL_RANGE, 200)
    expected = stats.norm.pdf(x) * bins * np.diff(edges)[0]
    axes.plot(x, expected, color=style.REAL, lw=0.9, label="unit Gaussian")
    axes.set(xlim=(-PULL_RANGE, PULL_RANGE), ylim=(0, None))
    axes.set_xlabel("pull of the scale")
    axes.set_ylabel("bins of energy, mass, zenith, depth")
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])
    axes.legend(loc="upper left", fontsize=7)


def _draw_classes(axes: Axes, figures: dict[str, Any]) -> None:
    names = [_name(*limits) for limits in figures["classes"]]
    for shift, (name, color) in zip((-0.08, 0.08), COLORS.items(), strict=True):
        shown = [
            (place + shift, scale, error)
            for place, (scale, error) in enumerate(
                zip(figures[name]["scale"], figures[name]["error"], strict=True)
            )
            if scale is not None and error < LARGEST_ERROR
        ]
        if shown:
            x, scale, error = np.array(shown).T
            axes.errorbar(x, scale, error, fmt="o", ms=3.5, lw=1.0, color=color, label=name)
    axes.axhline(0.0, color=style.REAL, lw=0.8)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_xlabel("N")
    axes.set_ylabel("generated over simulated - 1 / %")


def _name(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}–{high}"  # noqa: RUF001
