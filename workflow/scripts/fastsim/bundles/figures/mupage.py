"""Weighted to a flux, where MUPAGE's laws hold: simulated, generated and MUPAGE."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import zeta

from fastsim.bundles import mupage
from fastsim.bundles.described import BY_NAME, Described
from fastsim.bundles.figures import style
from fastsim.bundles.figures.energies import BINS, draw_observable
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.multiplicity import count_edges, draw_multiplicity
from fastsim.bundles.figures.panels import Panel, add_legend, panel_grid, spread_edges

COLOR = style.FORMULAS[0]
MOST_ENTRIES = 20_000
"""Bundles or muons over which a law is averaged: every k-th of more."""
FEWEST_BUNDLES = 50


def draw(data: FigureData) -> Figure:
    """Multiplicity, radius and energy with weights to Gaisser H4a."""
    rows = mupage.valid(data.real.events.primaries)
    weighted = data.weighted.select(rows)
    real, generated, members = weighted.real, weighted.generated, weighted.members
    several = [d.at_least(2) for d in (real, generated)]
    if min(len(d.events) for d in several) < FEWEST_BUNDLES:
        figure = Figure(figsize=(style.PAGE_WIDTH, 0.6))
        low, high = mupage.DEPTHS
        text = f"fewer than {FEWEST_BUNDLES} bundles at vertical depths of {low} to {high} km w.e."
        figure.text(0.5, 0.5, text, ha="center", va="center")
        return figure
    figure, panels = panel_grid(1, 3, 3.0)
    draw_multiplicity(panels[0], weighted, "multiplicity", np.ones(len(real.events), bool))
    _draw_multiplicity_law(panels[0], real)
    several_of_members = [member.at_least(2) for member in members]
    draw_observable(
        panels[1], *several, BY_NAME["radius"], r"radius, $N \geq 2$", several_of_members
    )
    _draw_radius_law(panels[1], several[0])
    draw_observable(panels[2], real, generated, BY_NAME["log10_muon_energy"], "muons", members)
    _draw_energy_law(panels[2], real)
    law = Line2D([], [], color=COLOR, ls="--", label="MUPAGE")
    add_legend(figure, [law], len(members), len(data.folds or ()))
    return figure


def _draw_multiplicity_law(panel: Panel, real: Described) -> None:
    """Draw m^-nu of every simulated bundle's depth and zenith, as often as there are bundles."""
    counts = real.events.counts
    edges = count_edges(counts.max())[1:]
    bundles = real.select(counts > 0)
    chosen, weights = _thinned(len(bundles.events), bundles.weights)
    h, zenith = _place(bundles.events.primaries[chosen])
    # P(m >= k) is a ratio of zeta functions
    first = np.ceil(edges)[None, :]
    nu = mupage.multiplicity_power(h, zenith)[:, None]
    beyond = weights @ (zeta(nu, first) / zeta(nu)) / weights.sum()
    share = real.weights[counts > 0].sum() / real.weights.sum()
    panel.spectrum.stairs(
        share * -np.diff(beyond) / np.diff(edges), edges + 1.0, baseline=None, color=COLOR, ls="--"
    )


def _draw_radius_law(panel: Panel, real: Described) -> None:
    radii = real.sample(BY_NAME["radius"]).values
    edges = spread_edges(radii, BINS, 2e-4)
    middle = 0.5 * (edges[1:] + edges[:-1])
    counts = real.events.counts
    chosen, weights = _thinned(len(counts), real.weights * counts)
    h, zenith = _place(real.events.primaries[chosen])
    columns = (column[:, None] for column in (h, zenith, counts[chosen]))
    pdf = mupage.radius_pdf(middle, *columns)
    _draw_law(panel, middle, weights @ pdf / weights.sum())


def _draw_energy_law(panel: Panel, real: Described) -> None:
    """Draw the law averaged over simulated muons, each at its radius in its bundle."""
    muons, counts = real.per_muon, real.events.counts
    edges = spread_edges(muons["log10_energy"].to_numpy(), BINS, 2e-4)
    middle = 0.5 * (edges[1:] + edges[:-1])
    chosen, weights = _thinned(len(muons), np.repeat(real.weights, counts))
    event = np.repeat(np.arange(len(counts)), counts)[chosen]
    h, zenith = _place(real.events.primaries[event])
    radius = muons["radius"].to_numpy()[chosen]
    columns = (column[:, None] for column in (h, zenith, counts[event], radius))
    pdf = mupage.energy_pdf(10.0 ** (middle - 3.0), *columns)
    _draw_law(panel, middle, weights @ pdf / weights.sum())


def _draw_law(panel: Panel, x: np.ndarray, density: np.ndarray) -> None:
    # the law may fall far below what is seen, or rise above: it does not set the axis
    limits = panel.spectrum.get_ylim()
    panel.spectrum.plot(x, density, "--", color=COLOR, lw=1.1)
    panel.spectrum.set_ylim(limits)


def _thinned(entries: int, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at most about :data:`MOST_ENTRIES` evenly chosen entries and their weights."""
    chosen = np.arange(0, entries, max(entries // MOST_ENTRIES, 1))
    return chosen, weights[chosen]


def _place(primaries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vertical depth in km w.e. and zenith angle in rad, (events,) each."""
    return mupage.vertical_depth(primaries), primaries[:, 2].astype(np.float64)
