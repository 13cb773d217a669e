"""A page of bundles, simulated and generated for the same primary side by side."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from fastsim.bundles.events import Events
from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData, nucleus_symbol
from fastsim.bundles.primaries import mass_number

PAIRS_PER_ROW = 2
FEWEST_MUONS = 5
RADIUS_SHARE = 0.95
LARGEST_MARKER = 60.0


def draw(data: FigureData) -> Figure:
    """Muons of some events in the plane perpendicular to the axis; size and colour are energy."""
    real, generated = data.real.events, data.generated.events
    rows = _chosen(np.minimum(real.counts, generated.counts), real.shower_id, data.event_displays)
    lines = max(-(-len(rows) // PAIRS_PER_ROW), 1)
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.1 * lines + 0.5))
    figure.get_layout_engine().set(h_pad=0.08)
    pairs = figure.subplots(lines, 2 * PAIRS_PER_ROW, squeeze=False).reshape(-1, 2)
    energies = np.concatenate([e.muon_energy for e in (real.select(rows), generated.select(rows))])
    norm = LogNorm(energies.min(), energies.max()) if len(energies) else None
    points = None
    for axes, row in zip(pairs, rows, strict=False):
        points = _draw_pair(axes, real.select([row]), generated.select([row]), norm)
    for axes in pairs[len(rows) :].ravel():
        axes.remove()
    if points is not None:
        drawn = list(pairs[: len(rows)].ravel())
        figure.colorbar(points, ax=drawn, location="bottom", aspect=60, label=r"$E_\mu$ / GeV")
    return figure


def _chosen(counts: np.ndarray, showers: np.ndarray, wanted: int) -> np.ndarray:
    """Return rows of events from few to many muons, evenly in rank, each of another shower."""
    rows = np.flatnonzero(counts >= FEWEST_MUONS)
    _, first = np.unique(showers[rows], return_index=True)
    rows = rows[first]
    rows = rows[np.argsort(counts[rows], kind="stable")]
    picked = np.unique(np.linspace(0, len(rows) - 1, wanted).round().astype(int))
    return rows[picked] if len(rows) else rows


def _draw_pair(
    axes: np.ndarray, real: Events, generated: Events, norm: LogNorm | None
) -> PathCollection:
    radii = np.hypot(*np.concatenate([real.muons, generated.muons])[:, 1:].T)
    half_width = 1.1 * max(np.quantile(radii, RADIUS_SHARE), 1.0)
    E, _, zenith, depth = real.primaries[0]
    nucleus = nucleus_symbol(int(mass_number(real.primaries[0, 1])))
    axes[0].set_title(
        f"{nucleus}, {E / 1e6:.2g} PeV, {np.degrees(zenith):.0f}°, {depth:.0f} m",
        loc="left",
    )
    for ax, events, label in zip(
        axes, (real, generated), (style.REAL_LABEL, style.GENERATED_LABEL), strict=True
    ):
        points = _draw_event(ax, events, half_width, norm)
        ax.text(0.04, 0.96, label, transform=ax.transAxes, va="top", fontsize=7)
        ax.text(
            0.96, 0.04, f"N = {events.counts[0]}", transform=ax.transAxes, ha="right", fontsize=7
        )
    axes[0].set_ylabel("y / m")
    axes[1].tick_params(labelleft=False)
    return points


def _draw_event(ax: Axes, events: Events, half_width: float, norm: LogNorm) -> PathCollection:
    energy, x, y = events.muons[np.argsort(-events.muon_energy)].T
    size = LARGEST_MARKER * (energy / norm.vmax) ** 0.4 + 2.0
    points = ax.scatter(x, y, s=size, c=energy, norm=norm, cmap="viridis_r", lw=0.2, ec="white")
    ax.set(xlim=(-half_width, half_width), ylim=(-half_width, half_width), aspect="equal")
    ax.set_xlabel("x / m")
    return points
