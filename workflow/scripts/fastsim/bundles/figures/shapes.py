"""Moments of bundles: means, widths, correlation, centroid."""

from matplotlib.figure import Figure

from fastsim.bundles.described import BY_NAME
from fastsim.bundles.figures.energies import draw_observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.panels import add_legend, panel_grid

SHOWN = {
    "mean_log10_energy": "mean energy",
    "width_log10_energy": r"width of energies, $N \geq 2$",
    "energy_radius_correlation": r"correlation, $N \geq 3$",
    "mean_log10_radius": "mean radius",
    "log10_centroid_radius": "centroid",
}


def draw(data: FigureData) -> Figure:
    """Spectra of the moments of a bundle."""
    figure, panels = panel_grid(2, 3, 2.5)
    for panel, (name, title) in zip(panels, SHOWN.items(), strict=False):
        draw_observable(panel, data.real, data.generated, BY_NAME[name], title, data.members)
    panels[-1].spectrum.remove()
    panels[-1].ratio.remove()
    add_legend(figure, members=len(data.members))
    return figure
