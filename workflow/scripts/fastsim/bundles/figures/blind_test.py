"""Simulated spectra of the blind test beside those of every model of bundles."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fastsim.bundles.described import BY_NAME, Described
from fastsim.bundles.figures import style
from fastsim.bundles.figures.panels import draw_ratio_points, fill, panel_grid, spread_edges

SHOWN = {
    "log10_n1": "number of muons",
    "log10_muon_energy": "energy of a muon",
    "log10_leading_energy": "energy of the leading muon",
    "radius": "distance of a muon from the axis",
}
BINS = 30
# of all entries, on either side: what lies beyond is too rare for a ratio
TAIL = 1e-4
RATIO_RANGE = (0.85, 1.15)


def draw(real: Described, generated: Mapping[str, Described]) -> Figure:
    """Return spectra of :data:`SHOWN` and the ratios of all models, by their titles."""
    figure, panels = panel_grid(2, 2, 2.9)
    for panel, (name, title) in zip(panels, SHOWN.items(), strict=True):
        observable = BY_NAME[name]
        truth = real.sample(observable)
        edges = spread_edges(truth.values, BINS, TAIL)
        middle = 0.5 * (edges[1:] + edges[:-1])
        measure = np.diff(edges) * len(truth.values)
        for (model, sample), color in zip(generated.items(), style.SERIES, strict=False):
            histogram = fill(edges, truth, sample.sample(observable))
            panel.spectrum.stairs(
                histogram.totals[1] / measure, edges, color=color, baseline=None, label=model
            )
            ratio, error = histogram.ratio()
            shown = np.isfinite(ratio) & (error > 0) & (error < 0.5 * np.ptp(RATIO_RANGE))
            draw_ratio_points(panel.ratio, middle[shown], ratio[shown], error[shown], color)
        totals, (spread, _) = histogram.totals[0], histogram.errors()
        panel.spectrum.stairs(totals / measure, edges, color=style.REAL, baseline=None, ls=":")
        relative = np.divide(spread, totals, where=totals > 0, out=np.zeros_like(totals))
        panel.ratio.stairs(
            1.0 + relative, edges, baseline=1.0 - relative, fill=True, color=style.BAND
        )
        panel.ratio.set_ylim(RATIO_RANGE)
        panel.ratio.set_yticks([0.9, 1.0, 1.1])
        panel.ratio.set_ylabel("ratio")
        panel.ratio.set_xlabel(observable.label)
        panel.spectrum.set_yscale("log")
        panel.spectrum.set_ylabel("probability density")
        panel.spectrum.tick_params(labelbottom=False)
        panel.spectrum.set_title(title)
    entries = [
        Line2D([], [], color=style.REAL, ls=":", label=style.REAL_LABEL),
        Patch(color=style.BAND, label="its statistical error"),
        *(
            Line2D([], [], color=color, marker="o", ms=2.2, label=model)
            for model, color in zip(generated, style.SERIES, strict=False)
        ),
    ]
    figure.legend(handles=entries, loc="outside upper center", ncols=len(entries))
    return figure
