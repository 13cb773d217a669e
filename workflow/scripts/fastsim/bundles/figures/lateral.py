"""How far from the axis muons arrive."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fastsim.bundles.described import BY_NAME, Described
from fastsim.bundles.figures.energies import draw_observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.panels import (
    Panel,
    add_legend,
    draw_panel,
    fill,
    members_band,
    panel_grid,
)

BINS = 28
TAIL = 3e-4


def draw(data: FigureData) -> Figure:
    """Lateral density, radius of muons and largest radius of bundles."""
    figure, panels = panel_grid(1, 3, 3.0)
    pair, members = (data.real, data.generated), data.members
    draw_density(panels[0], *pair, "lateral density", members)
    draw_observable(panels[1], *pair, BY_NAME["radius"], "muons", members)
    draw_observable(panels[2], *pair, BY_NAME["max_radius"], "outermost muon", members)
    add_legend(figure, members=len(members))
    return figure


def draw_density(
    panel: Panel,
    real: Described,
    generated: Described,
    title: str,
    members: Sequence[Described] = (),
) -> None:
    """Draw muons per square metre and bundle against the distance from the axis.

    Args:
        panel: the axes.
        real, generated: the events.
        title: of the panel.
        members: events of the other trainings of an ensemble.
    """
    samples = [described.sample(BY_NAME["radius"]) for described in (real, generated)]
    low, high = np.quantile(samples[0].values, [TAIL, 1.0 - TAIL])
    edges = np.geomspace(max(low, 0.1), high, BINS + 1)
    filled = real.events.counts > 0
    bundles = filled.sum() if real.weights is None else real.weights[filled].sum()
    panel.spectrum.set_xscale("log")
    histogram = fill(edges, *samples)
    draw_panel(
        panel,
        histogram,
        np.pi * np.diff(edges**2) * bundles,
        x_label=r"$r$ / m",
        y_label=r"$\rho(r)$ / m$^{-2}$ per bundle",
        title=title,
        band=members_band(histogram, [member.sample(BY_NAME["radius"]) for member in members]),
    )
