"""Spectra of the number of muons in bins of the primary and the depth."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from fastsim.bundles.described import Described
from fastsim.bundles.figures.inputs import FigureData, nucleus_symbol
from fastsim.bundles.figures.panels import Panel, add_legend, draw_panel, fill, panel_grid
from fastsim.stats.comparison import Sample

PANEL_HEIGHT = 2.35
MOST_BINS = 5
"""Bins of one quantity; the last panel of a figure shows all events."""

Bins = list[tuple[str, np.ndarray]]


def draw_by_energy(data: FigureData) -> Figure:
    """Multiplicity in bins of the primary energy."""
    log_energy = data.real.per_event["log10_primary_energy"].to_numpy()
    return _draw(data, _equal_bins(log_energy, r"{:.1f} < $\log_{{10}} E_0$/GeV < {:.1f}", 5))


def draw_by_mass(data: FigureData) -> Figure:
    """Multiplicity for every nucleus; of many, the heavier ones together."""
    nuclei = np.unique(data.mass_numbers)
    own, together = nuclei, nuclei[:0]
    if len(nuclei) > MOST_BINS:
        own, together = nuclei[: MOST_BINS - 1], nuclei[MOST_BINS - 1 :]
    bins = [(nucleus_symbol(int(A)), data.mass_numbers == A) for A in own]
    if len(together):
        bins.append((f"A = {together[0]} to {together[-1]}", data.mass_numbers >= together[0]))
    return _draw(data, bins)


def draw_by_zenith(data: FigureData) -> Figure:
    """Multiplicity in bins of the cosine of the zenith angle."""
    cosine = data.real.per_event["cos_zenith"].to_numpy()
    return _draw(data, _equal_bins(cosine, r"{:.2f} < $\cos\theta$ < {:.2f}", 3))


def draw_by_depth(data: FigureData) -> Figure:
    """Multiplicity at every slant depth, or in bins of it where there are many."""
    depth = data.real.per_event["slant_depth"].to_numpy()
    values = np.unique(depth)
    if len(values) > MOST_BINS:
        return _draw(data, _equal_bins(depth, "{:.0f} m < slant depth < {:.0f} m", MOST_BINS))
    return _draw(data, [(f"slant depth {value:.0f} m", depth == value) for value in values])


def _equal_bins(values: np.ndarray, text: str, bins: int) -> Bins:
    """Return bins of one width that hold an event; none of a quantity that has one value."""
    if values.min() == values.max():
        return []
    edges = np.linspace(values.min(), values.max(), bins + 1)
    index = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    filled = np.unique(index)
    return [(text.format(edges[i], edges[i + 1]), index == i) for i in filled]


def _draw(data: FigureData, bins: Bins) -> Figure:
    bins = [*bins, ("all events", np.ones(len(data.real.events), dtype=bool))]
    columns = 3 if len(bins) > 4 else 2
    figure, panels = panel_grid(-(-len(bins) // columns), columns, PANEL_HEIGHT)
    for panel, (title, rows) in zip(panels, bins, strict=False):
        draw_multiplicity(panel, data, title, rows)
    for panel in panels[len(bins) :]:
        panel.spectrum.remove()
        panel.ratio.remove()
    add_legend(figure, folds=len(data.folds or ()))
    return figure


def draw_multiplicity(panel: Panel, data: FigureData, title: str, rows: np.ndarray) -> None:
    """Draw P(N) of the events at ``rows`` (a mask) against 1 + N, so that N = 0 has its place.

    With folds of the multiplicity model there is a band of the error that they tell.
    """
    # 1 + N = 1, 2, ... lies in the middle of its bin
    samples = [_shifted_counts(described, rows) for described in (data.real, data.generated)]
    highest = max(sample.values.max() for sample in samples)
    edges = count_edges(highest - 1.0) + 1.0
    panel.spectrum.set_xscale("log")
    if highest < 10:
        # within a decade matplotlib's labels of single numbers would overlap
        panel.spectrum.xaxis.set_major_locator(FixedLocator(np.arange(1, highest + 1)))
        panel.spectrum.xaxis.set_major_formatter(ScalarFormatter())
        panel.spectrum.xaxis.set_minor_locator(NullLocator())
    histogram = fill(edges, *samples)
    weights = samples[0].weights
    band = None
    if data.folds is not None:
        _, generated = histogram.totals
        error = data.folds.select(rows).errors(len(generated), weights)
        band = np.maximum(generated - error, 0.0), generated + error
    events = len(samples[0].values) if weights is None else weights.sum()
    draw_panel(
        panel,
        histogram,
        np.diff(edges) * events,
        x_label=r"$1 + N$",
        y_label=r"d$P$ / d$N$",
        title=title,
        band=band,
    )


def _shifted_counts(described: Described, rows: np.ndarray) -> Sample:
    weights = None if described.weights is None else described.weights[rows]
    counts = described.events.counts[rows] + 1.0
    return Sample(counts, described.events.shower_id[rows], weights)


def count_edges(highest: float) -> np.ndarray:
    """Return edges for counts: one bin per count up to 4, then bins that grow by a third."""
    edges = [-0.5, 0.5, 1.5, 2.5, 3.5]
    while edges[-1] < highest + 0.5:
        edges.append(np.ceil(edges[-1] * 4.0 / 3.0) + 0.5)
    return np.array(edges)
