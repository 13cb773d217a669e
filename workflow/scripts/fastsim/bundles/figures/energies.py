"""Energies of muons, of the leading muon and of the whole bundle."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fastsim.bundles.described import BY_NAME, Described, Observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.panels import (
    Panel,
    add_legend,
    draw_panel,
    fill,
    members_band,
    panel_grid,
    spread_edges,
)

SHOWN = {
    "log10_muon_energy": "muons",
    "log10_leading_energy": "leading muon",
    "log10_bundle_energy": "bundle",
}
BINS = 30


def draw(data: FigureData) -> Figure:
    """Energy of every muon, of the leading one and of the bundle."""
    figure, panels = panel_grid(1, 3, 3.0)
    for panel, (name, title) in zip(panels, SHOWN.items(), strict=True):
        draw_observable(panel, data.real, data.generated, BY_NAME[name], title, data.members)
    add_legend(figure, members=len(data.members))
    return figure


def draw_observable(
    panel: Panel,
    real: Described,
    generated: Described,
    observable: Observable,
    title: str = "",
    members: Sequence[Described] = (),
) -> None:
    """Draw one observable; each spectrum is divided by the number of real entries.

    Args:
        panel: the axes.
        real, generated: the events.
        observable: to draw.
        title: of the panel.
        members: events of the other trainings of an ensemble.
    """
    samples = [described.sample(observable) for described in (real, generated)]
    edges = spread_edges(samples[0].values, BINS, 2e-4 if observable.per_muon else 1e-3)
    weights = samples[0].weights
    entries = len(samples[0].values) if weights is None else weights.sum()
    histogram = fill(edges, *samples)
    draw_panel(
        panel,
        histogram,
        np.diff(edges) * entries,
        x_label=observable.label,
        y_label="fraction per unit",
        title=title,
        band=members_band(histogram, [member.sample(observable) for member in members]),
    )
