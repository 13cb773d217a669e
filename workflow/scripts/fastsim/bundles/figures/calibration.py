"""Is the distribution of N calibrated, and <N> unbiased?"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fastsim.bundles.baselines import ELBERT_SETS
from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData

PULL_RANGE = 6.0
PULL_BINS = 48


def draw(data: FigureData) -> Figure:
    """PIT histogram of model and Poisson, and pulls of <N> per bin of model and formulas."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.7))
    pit, pulls = figure.subplots(1, 2)
    _draw_pit(pit, data.metrics["multiplicity"])
    _draw_pulls(pulls, data.metrics["multiplicity"])
    return figure


def _draw_pit(axes: Axes, metrics: dict) -> None:
    for name, label, color in (
        ("model", "trained model", style.GENERATED),
        ("poisson", "Poisson of the same mean", style.FORMULAS[0]),
    ):
        counts = np.array(metrics[name]["pit_histogram"], dtype=np.float64)
        edges = np.linspace(0.0, 1.0, len(counts) + 1)
        text = f"{label}, KS {metrics[name]['pit_ks']:.3f}"
        axes.stairs(counts / counts.mean(), edges, color=color, label=text, baseline=None)
        if name == "model":
            error = 1.0 / np.sqrt(counts.mean())
            axes.axhspan(1.0 - error, 1.0 + error, color=style.BAND, lw=0)
    axes.axhline(1.0, color=style.REAL, lw=0.8)
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.set_xlabel("randomised PIT of N")
    axes.set_ylabel("events, relative to uniform")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0))


def _draw_pulls(axes: Axes, metrics: dict) -> None:
    edges = np.linspace(-PULL_RANGE, PULL_RANGE, PULL_BINS + 1)
    named = [("model", "trained model", style.GENERATED)]
    named += [
        (name, parameters.label, color)
        for (name, parameters), color in zip(ELBERT_SETS.items(), style.FORMULAS, strict=True)
    ]
    bins = len(metrics["model"]["mean_bias"]["pull"])
    for name, label, color in named:
        bias = metrics[name]["mean_bias"]
        # what lies outside is counted in the outermost bins
        pulls = np.clip(bias["pull"], -PULL_RANGE, PULL_RANGE)
        counts, _ = np.histogram(pulls, edges)
        rms = "none" if bias["pull_rms"] is None else f"{bias['pull_rms']:.2f}"
        line = {"lw": 1.6} if name == "model" else {"lw": 1.0}
        axes.stairs(counts, edges, color=color, label=f"{label}, RMS {rms}", **line)
    x = np.linspace(-PULL_RANGE, PULL_RANGE, 200)
    expected = stats.norm.pdf(x) * bins * np.diff(edges)[0]
    axes.plot(x, expected, color=style.REAL, lw=0.9, label="unit Gaussian")
    axes.set(xlim=(-PULL_RANGE, PULL_RANGE), ylim=(0, None))
    axes.set_xlabel(r"pull of $\langle N \rangle$: (predicted - simulated) / error")
    axes.set_ylabel("bins of energy, mass, zenith, depth")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0))
