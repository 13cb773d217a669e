"""What a detector sees of bundles: leading muons, the core, the half radius, densities."""

from matplotlib.figure import Figure

from fastsim.bundles.described import BY_NAME
from fastsim.bundles.figures.energies import draw_observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.panels import add_legend, panel_grid

SHOWN = {
    "log10_leading_energy": "leading muon",
    "log10_second_energy": r"second muon, $N \geq 2$",
    "log10_core_energy": "core of 10 m",
    "half_radius": "radius of half the muons",
    "density_50": "ring of 40 to 60 m",
    "density_100": "ring of 80 to 120 m",
}


def draw(data: FigureData) -> Figure:
    """Spectra of these observables."""
    figure, panels = panel_grid(2, 3, 2.5)
    for panel, (name, title) in zip(panels, SHOWN.items(), strict=True):
        draw_observable(panel, data.real, data.generated, BY_NAME[name], title, data.members)
    add_legend(figure, members=len(data.members))
    return figure
