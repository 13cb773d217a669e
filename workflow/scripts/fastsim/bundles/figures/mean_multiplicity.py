"""<N> against the primary energy, with Elbert's formula beside it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fastsim.bundles.baselines import ELBERT_SETS, elbert_mean_at_depth
from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData, nucleus_symbol
from fastsim.bundles.figures.panels import LARGEST_RATIO_ERROR, Panel, draw_ratio_points, panel_grid
from fastsim.stats.clustered import grouped_histogram

BINS = 12


def draw(data: FigureData) -> Figure:
    """<N> against E for the lightest, a middle and the heaviest nucleus; ratios below."""
    nuclei = np.unique(data.mass_numbers)
    nuclei = nuclei[np.unique(np.linspace(0, len(nuclei) - 1, 3).round().astype(int))]
    figure, panels = panel_grid(1, len(nuclei), 3.3)
    for panel, nucleons in zip(panels, nuclei, strict=True):
        _draw_nucleus(panel, data, data.mass_numbers == nucleons)
        panel.spectrum.set_title(nucleus_symbol(int(nucleons)))
    panels[0].spectrum.set_ylabel(r"$\langle N \rangle$ per event")
    panels[0].ratio.set_ylabel("ratio")
    entries = [
        Line2D([], [], color=style.REAL, marker="o", ms=3, lw=0, label=style.REAL_LABEL),
        Line2D([], [], color=style.GENERATED, label=style.GENERATED_LABEL),
    ]
    entries += [
        Line2D([], [], color=color, ls="--", label=parameters.label)
        for color, parameters in zip(style.FORMULAS, ELBERT_SETS.values(), strict=True)
    ]
    figure.legend(handles=entries, loc="outside upper center", ncols=len(entries))
    return figure


def _draw_nucleus(panel: Panel, data: FigureData, rows: np.ndarray) -> None:
    log_energy = data.real.per_event["log10_primary_energy"].to_numpy()
    edges = np.linspace(log_energy.min(), log_energy.max(), BINS + 1)
    showers = data.real.events.shower_id[rows]
    counts = [d.events.counts[rows].astype(np.float64) for d in (data.real, data.generated)]
    histogram = grouped_histogram(
        edges, log_energy[rows], log_energy[rows], showers, showers, *counts
    )
    events, _ = np.histogram(log_energy[rows], edges)
    real, generated = histogram.totals
    error, _ = histogram.errors()
    seen = (real > 0) & (events > 0)
    energy = 10.0 ** (0.5 * (edges[1:] + edges[:-1]))

    panel.spectrum.set_xscale("log")
    panel.spectrum.set_yscale("log")
    # a nucleus may have one energy only
    panel.spectrum.set_xlim(10.0 ** edges[0], 10.0 ** edges[-1])
    panel.spectrum.errorbar(
        energy[seen],
        real[seen] / events[seen],
        error[seen] / events[seen],
        fmt="o",
        ms=3,
        lw=0.9,
        color=style.REAL,
    )
    panel.spectrum.plot(energy[seen], generated[seen] / events[seen], color=style.GENERATED)
    ratio, ratio_error = histogram.ratio()
    told = seen & (ratio_error < LARGEST_RATIO_ERROR)
    draw_ratio_points(panel.ratio, energy[told], ratio[told], ratio_error[told])
    for color, parameters in zip(style.FORMULAS, ELBERT_SETS.values(), strict=True):
        mean = elbert_mean_at_depth(data.real.events.primaries[rows], parameters)
        total, _ = np.histogram(log_energy[rows], edges, weights=mean)
        panel.spectrum.plot(energy[seen], total[seen] / events[seen], "--", color=color, lw=1.0)
        panel.ratio.plot(energy[seen], total[seen] / real[seen], "--", color=color, lw=1.0)
    _finish(panel.spectrum, panel.ratio, real[seen] / events[seen])


def _finish(spectrum: Axes, ratio: Axes, mean: np.ndarray) -> None:
    if len(mean):
        spectrum.set_ylim(mean.min() / 3.0, mean.max() * 2.0)
    spectrum.tick_params(labelbottom=False)
    # formulas are off by up to a factor of two
    ratio.set_ylim(0.4, 1.6)
    ratio.set_yticks([0.5, 1.0, 1.5])
    ratio.set_xlabel(r"$E_0$ / GeV")
