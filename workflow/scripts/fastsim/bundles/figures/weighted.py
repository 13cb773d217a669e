"""The same comparison re-weighted to a measured cosmic-ray flux."""

import numpy as np
from matplotlib.figure import Figure

from fastsim.bundles.described import BY_NAME
from fastsim.bundles.figures.energies import draw_observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.lateral import draw_density
from fastsim.bundles.figures.multiplicity import draw_multiplicity
from fastsim.bundles.figures.panels import add_legend, panel_grid

SHOWN = {
    "radius": "radius",
    "log10_muon_energy": "muons",
    "log10_leading_energy": "leading muon",
    "log10_bundle_energy": "bundle",
}


def draw(data: FigureData) -> Figure:
    """Multiplicity, energies and radii with weights to Gaisser H4a."""
    weighted = data.weighted
    pair, members = (weighted.real, weighted.generated), weighted.members
    figure, panels = panel_grid(2, 3, 2.5)
    everything = np.ones(len(weighted.real.events), dtype=bool)
    draw_multiplicity(panels[0], weighted, "multiplicity", everything)
    draw_density(panels[1], *pair, "lateral density", members)
    for panel, (name, title) in zip(panels[2:], SHOWN.items(), strict=True):
        draw_observable(panel, *pair, BY_NAME[name], title, members)
    add_legend(figure, members=len(members), folds=len(data.folds or ()))
    return figure
