"""The same comparison re-weighted to a measured cosmic-ray flux."""

import numpy as np
from matplotlib.figure import Figure

from fastsim.bundles.described import BY_NAME
from fastsim.bundles.figures.energies import draw_observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.lateral import draw_density
from fastsim.bundles.figures.multiplicity import draw_multiplicity
from fastsim.bundles.figures.panels import add_legend, panel_grid


def draw(data: FigureData) -> Figure:
    """Multiplicity, energies and radii with weights to Gaisser H4a."""
    real, generated = data.weighted
    figure, panels = panel_grid(2, 3, 2.5)
    everything = np.ones(len(real.events), dtype=bool)
    draw_multiplicity(panels[0], real, generated, "multiplicity", everything)
    draw_density(panels[1], real, generated, "lateral density")
    draw_observable(panels[2], real, generated, BY_NAME["radius"], "radius")
    draw_observable(panels[3], real, generated, BY_NAME["log10_muon_energy"], "muons")
    draw_observable(panels[4], real, generated, BY_NAME["log10_leading_energy"], "leading muon")
    draw_observable(panels[5], real, generated, BY_NAME["log10_bundle_energy"], "bundle")
    add_legend(figure)
    return figure
