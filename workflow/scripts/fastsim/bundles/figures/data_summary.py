"""What the dataset holds: splits, empty events, multiplicities, primaries."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData, nucleus_symbol

BANDS = (("0.05", "0.95", "#d6e6f2"), ("0.25", "0.75", "#8fbfdc"))
ENERGY_BINS = 24


def draw(data: FigureData) -> Figure:
    """Zero fraction and quantiles of N by depth and nucleus, and the primaries of the test set."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 4.4))
    (zero_depth, zero_nucleus, splits), (n_depth, n_nucleus, energy) = figure.subplots(2, 3)
    train = data.summary["train"]
    depths = {_in_metres(key): value for key, value in _few(train["by_depth"]).items()}
    nuclei = {nucleus_symbol(int(key)): value for key, value in train["by_nucleus"].items()}
    for zero, quantiles, groups, label in (
        (zero_depth, n_depth, depths, "slant depth / m"),
        (zero_nucleus, n_nucleus, nuclei, "nucleus"),
    ):
        _draw_zero_fraction(zero, groups)
        _draw_quantiles(quantiles, groups)
        quantiles.set_xlabel(label)
    zero_depth.set_title("events without muons (training)")
    zero_nucleus.set_title("events without muons (training)")
    n_depth.set_title("number of muons (training)")
    n_nucleus.set_title("number of muons (training)")
    _draw_splits(splits, data.summary)
    _draw_primaries(energy, data)
    return figure


def _in_metres(depths: str) -> str:
    """Return the depth that a key of the summary names, or the middle of its bin, rounded."""
    return f"{np.mean([float(depth) for depth in depths.split(' to ')]):.0f}"


def _few(groups: dict[str, Any], most: int = 5) -> dict[str, Any]:
    """Return at most ``most`` of the groups, evenly chosen in their order."""
    keys = list(groups)
    chosen = np.unique(np.linspace(0, len(keys) - 1, min(most, len(keys))).round().astype(int))
    return {keys[i]: groups[keys[i]] for i in chosen}


def _draw_zero_fraction(ax: Axes, groups: dict[str, Any]) -> None:
    ax.bar(list(groups), [g["zero_fraction"] for g in groups.values()], color=style.SERIES[5])
    ax.set_ylim(0, 1)
    ax.set_ylabel("fraction with N = 0")


def _draw_quantiles(ax: Axes, groups: dict[str, Any]) -> None:
    x = np.arange(len(groups))
    quantiles = [g["multiplicity"] for g in groups.values()]
    # 1 + N, so that quantiles at 0 have a place on the logarithmic axis
    for low, high, color in BANDS:
        bottom = np.array([1.0 + q[low] for q in quantiles])
        top = np.array([1.0 + q[high] for q in quantiles])
        ax.bar(x, top - bottom, bottom=bottom, color=color, width=0.7)
    middle = [1.0 + q["0.5"] for q in quantiles]
    ax.hlines(middle, x - 0.35, x + 0.35, color=style.REAL)
    ax.plot(x, [1.0 + q["1"] for q in quantiles], "_", color=style.FORMULAS[0], ms=8)
    ax.set_yscale("log")
    ax.set_ylim(0.8, None)
    ax.set_xticks(x, list(groups))
    ax.set_ylabel(r"$1 + N$")
    handles = [Patch(color=color, label=f"{low}–{high}") for low, high, color in BANDS]  # noqa: RUF001
    ax.legend(
        handles=handles, title="quantiles", fontsize=6.5, title_fontsize=6.5, loc="upper left"
    )
    ax.margins(y=0.6)
    ax.set_ylim(0.8, ax.get_ylim()[1] * 30)


def _draw_splits(ax: Axes, summary: dict[str, Any]) -> None:
    names = ["train", "validation", "test"]
    showers = [summary[name]["showers"] for name in names]
    bars = ax.barh(names, showers, color=style.SERIES[5])
    labels = [
        f"{summary[name]['rows']:,} events\n{summary[name]['muons']:,} muons" for name in names
    ]
    ax.bar_label(bars, labels, padding=3, fontsize=6.5)
    ax.invert_yaxis()
    ax.set_xlim(0, 2.2 * max(showers))
    ax.set_xlabel("showers")
    ax.set_title("splits")


def _draw_primaries(ax: Axes, data: FigureData) -> None:
    events = data.real.events
    _, first = np.unique(events.shower_id, return_index=True)
    log_energy = data.real.per_event["log10_primary_energy"].to_numpy()[first]
    nucleons = data.mass_numbers[first]
    edges = np.linspace(log_energy.min(), log_energy.max(), ENERGY_BINS + 1)
    for color, A in zip(style.SERIES, np.unique(nucleons), strict=False):
        counts, _ = np.histogram(log_energy[nucleons == A], edges)
        ax.stairs(counts, edges, color=color, label=nucleus_symbol(int(A)))
    ax.set_ylim(0, None)
    ax.set_xlabel(r"$\log_{10}(E_0\,/\,$GeV)")
    ax.set_ylabel("showers per bin")
    ax.set_title("primaries (test)")
    ax.legend(fontsize=6.5, ncols=3, loc="lower center")
