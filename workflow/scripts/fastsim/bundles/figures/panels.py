"""A panel of two spectra with their ratio below, and grids of such panels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fastsim.bundles.figures import style
from fastsim.stats.clustered import GroupedHistogram, grouped_histogram
from fastsim.stats.comparison import Sample

RATIO_RANGE = (0.6, 1.4)
# a ratio with a larger error says nothing and only fills the panel
LARGEST_RATIO_ERROR = 0.35
BAND_ALPHA = 0.3
MOST_ENTRIES_PER_ROW = 4
"""Of the legend: more do not fit the page."""

Band = tuple[np.ndarray, np.ndarray]
"""Least and largest contents of bins, (bins,) each."""


@dataclass(frozen=True)
class Panel:
    """The axes of one spectrum and of the ratio below it."""

    spectrum: Axes
    ratio: Axes


def panel_grid(rows: int, columns: int, height: float) -> tuple[Figure, list[Panel]]:
    """Return a figure of page width with ``rows`` x ``columns`` panels, ``height`` inches each."""
    figure = Figure(figsize=(style.PAGE_WIDTH, rows * height + 0.3))
    outer = figure.add_gridspec(rows, columns)
    panels = []
    for cell in outer:
        inner = cell.subgridspec(2, 1, height_ratios=(3, 1), hspace=0.05)
        spectrum = figure.add_subplot(inner[0])
        panels.append(Panel(spectrum, figure.add_subplot(inner[1], sharex=spectrum)))
    return figure, panels


def fill(edges: np.ndarray, real: Sample, generated: Sample) -> GroupedHistogram:
    """Return both samples in ``edges``, split by shower."""
    return grouped_histogram(
        edges,
        real.values,
        generated.values,
        real.groups,
        generated.groups,
        real.weights,
        generated.weights,
    )


def draw_panel(
    panel: Panel,
    histogram: GroupedHistogram,
    measure: np.ndarray,
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    band: Band | None = None,
) -> None:
    """Draw both spectra with a band of the simulated one's error, and generated over simulated.

    Bands and bars are statistical, with showers as the independent draws. The bars of the ratio
    take into account that both samples have the same primaries.

    Args:
        panel: the axes.
        histogram: the filled bins.
        measure: (bins,) what contents are divided by, for instance width times events.
        x_label, y_label, title: texts.
        band: least and largest contents of the generated spectrum, drawn as a band.
    """
    edges = histogram.edges
    real, generated = histogram.totals
    error, _ = histogram.errors()
    low, high = (real - error) / measure, (real + error) / measure
    panel.spectrum.stairs(high, edges, baseline=low, fill=True, color=style.BAND)
    panel.spectrum.stairs(real / measure, edges, color=style.REAL, baseline=None)
    panel.spectrum.stairs(generated / measure, edges, color=style.GENERATED, baseline=None, lw=1.5)
    panel.spectrum.set_yscale("log")
    panel.spectrum.set_ylabel(y_label)
    panel.spectrum.tick_params(labelbottom=False)
    panel.spectrum.set_title(title)
    draw_ratio(panel.ratio, edges, np.divide(error, real, where=real > 0, out=0 * real), histogram)
    panel.ratio.set_xlabel(x_label)
    if band is not None:
        _draw_band(panel.spectrum, edges, *(content / measure for content in band))
        relative = (np.divide(c, real, where=real > 0, out=1.0 + 0 * real) for c in band)
        _draw_band(panel.ratio, edges, *relative)


def members_band(histogram: GroupedHistogram, members: Sequence[Sample]) -> Band | None:
    """Return the band from the least to the most of all trainings of an ensemble.

    Args:
        histogram: its generated sample is the first training's.
        members: the entries of the others; without any there is no band.
    """
    if not members:
        return None
    contents = [histogram.totals[1]]
    for member in members:
        contents.append(np.histogram(member.values, histogram.edges, weights=member.weights)[0])
    return np.min(contents, axis=0), np.max(contents, axis=0)


def _draw_band(axes: Axes, edges: np.ndarray, least: np.ndarray, most: np.ndarray) -> None:
    axes.stairs(most, edges, baseline=least, fill=True, color=style.GENERATED, alpha=BAND_ALPHA)


def draw_ratio(
    axes: Axes, edges: np.ndarray, relative_error: np.ndarray, histogram: GroupedHistogram
) -> None:
    """Draw generated over simulated with bars, and the simulated sample's own error as a band."""
    ratio, error = histogram.ratio()
    axes.stairs(
        1.0 + relative_error, edges, baseline=1.0 - relative_error, fill=True, color=style.BAND
    )
    shown = np.isfinite(ratio) & (error < LARGEST_RATIO_ERROR) & (error > 0)
    middle = _middle(axes, edges)
    draw_ratio_points(axes, middle[shown], ratio[shown], error[shown])
    axes.set_ylabel("ratio")


def draw_ratio_points(
    axes: Axes, x: np.ndarray, ratio: np.ndarray, error: np.ndarray, color: str = style.GENERATED
) -> None:
    """Draw points with bars in :data:`RATIO_RANGE`; what lies outside is a triangle at the edge."""
    low, high = RATIO_RANGE
    inside = (ratio >= low) & (ratio <= high)
    axes.errorbar(
        x[inside], ratio[inside], error[inside], fmt="o", ms=2.2, lw=0.8, color=color, capsize=0
    )
    for marker, outside, at in (("^", ratio > high, high - 0.03), ("v", ratio < low, low + 0.03)):
        axes.plot(x[outside], np.full(outside.sum(), at), marker, ms=3.5, mfc="white", color=color)
    axes.axhline(1.0, color=style.REAL, lw=0.8)
    axes.set_ylim(low, high)
    axes.set_yticks([0.8, 1.0, 1.2])


def _middle(axes: Axes, edges: np.ndarray) -> np.ndarray:
    if axes.get_xscale() == "log":
        return np.sqrt(edges[1:] * edges[:-1])
    return 0.5 * (edges[1:] + edges[:-1])


def add_legend(
    figure: Figure, extra: Sequence[Line2D | Patch] = (), members: int = 0, folds: int = 0
) -> None:
    """Put the legend of simulated, its error and generated above all panels.

    Args:
        figure: to put it in.
        extra: more entries.
        members: of an ensemble besides the generated sample; with some, their band has an entry.
        folds: of the multiplicity model; with some, the band of their error has an entry.
    """
    entries = [
        Line2D([], [], color=style.REAL, label=style.REAL_LABEL),
        Patch(color=style.BAND, label="its statistical error"),
        Line2D([], [], color=style.GENERATED, lw=1.5, label=style.GENERATED_LABEL),
        *extra,
    ]
    bands = []
    if members:
        bands.append(f"least to most of {1 + members} trainings")
    if folds:
        bands.append(f"error of its N by {folds} folds")
    entries += [Patch(color=style.GENERATED, alpha=BAND_ALPHA, label=label) for label in bands]
    rows = -(-len(entries) // MOST_ENTRIES_PER_ROW)
    figure.legend(handles=entries, loc="outside upper center", ncols=-(-len(entries) // rows))


def spread_edges(values: np.ndarray, bins: int, tail: float) -> np.ndarray:
    """Return equal bins that hold all ``values`` but a share of ``tail`` on either side."""
    low, high = np.quantile(values, [tail, 1.0 - tail])
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)
