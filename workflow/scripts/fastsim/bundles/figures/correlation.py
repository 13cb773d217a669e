"""Energetic muons arrive near the axis: how near, real against generated."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from fastsim.bundles.described import Described
from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.panels import spread_edges
from fastsim.stats.clustered import grouped_histogram

MAP_BINS = 45
PROFILE_BINS = 20
TAIL = 5e-4
LARGEST_ERROR = 0.1


def draw(data: FigureData) -> Figure:
    """Maps of log radius against log energy, and the mean log radius with the difference."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.3))
    grid = figure.add_gridspec(2, 3, height_ratios=(3, 1), hspace=0.05, width_ratios=(1, 1, 1.15))
    edges = [
        spread_edges(data.real.per_muon[name].to_numpy(), MAP_BINS, TAIL)
        for name in ("log10_energy", "log10_radius")
    ]
    maps = [figure.add_subplot(grid[:, column]) for column in (0, 1)]
    _draw_maps(figure, maps, data, edges)
    profile = figure.add_subplot(grid[0, 2])
    difference = figure.add_subplot(grid[1, 2], sharex=profile)
    _draw_profile(profile, difference, data)
    return figure


def _draw_maps(figure: Figure, axes: list[Axes], data: FigureData, edges: list[np.ndarray]) -> None:
    pairs = ((data.real, style.REAL_LABEL), (data.generated, style.GENERATED_LABEL))
    area = np.outer(np.diff(edges[0]), np.diff(edges[1]))
    densities = []
    for described, _ in pairs:
        muons = described.per_muon
        counts, _, _ = np.histogram2d(muons["log10_energy"], muons["log10_radius"], bins=edges)
        densities.append(counts / area / max(len(muons), 1))
    positive = np.concatenate([density[density > 0] for density in densities])
    norm = LogNorm(positive.min(), positive.max()) if len(positive) else None
    for ax, density, (described, label) in zip(axes, densities, pairs, strict=True):
        masked = np.ma.masked_equal(density.T, 0.0)
        mesh = ax.pcolormesh(*edges, masked, norm=norm, cmap="viridis", rasterized=True)
        ax.grid(visible=False)
        muons = described.per_muon
        rho = np.corrcoef(muons["log10_energy"], muons["log10_radius"])[0, 1]
        ax.set_title(f"{label}, correlation {rho:.3f}")
        ax.set_xlabel(r"$\log_{10}(E_\mu\,/\,$GeV)")
    axes[0].set_ylabel(r"$\log_{10}(r\,/\,$m)")
    axes[1].tick_params(labelleft=False)
    figure.colorbar(mesh, ax=axes, location="bottom", aspect=45, label="muons per unit area")


def _draw_profile(profile: Axes, difference: Axes, data: FigureData) -> None:
    edges = spread_edges(data.real.per_muon["log10_energy"].to_numpy(), PROFILE_BINS, TAIL)
    middle = 0.5 * (edges[1:] + edges[:-1])
    real, generated, error = _mean_profiles(edges, data.real, data.generated)
    shown = np.isfinite(real) & np.isfinite(generated) & (error < LARGEST_ERROR)
    profile.plot(middle[shown], real[shown], "o", ms=3, color=style.REAL, label=style.REAL_LABEL)
    profile.plot(
        middle[shown], generated[shown], color=style.GENERATED, label=style.GENERATED_LABEL
    )
    profile.set_ylabel(r"$\langle\log_{10}(r\,/\,$m)$\rangle$")
    profile.tick_params(labelbottom=False)
    profile.set_title("mean log radius")
    profile.legend()
    difference.errorbar(
        middle[shown],
        (generated - real)[shown],
        error[shown],
        fmt="o",
        ms=2.2,
        lw=0.8,
        color=style.GENERATED,
    )
    difference.axhline(0.0, color=style.REAL, lw=0.8)
    difference.set_ylim(-LARGEST_ERROR, LARGEST_ERROR)
    difference.set_ylabel("difference")
    difference.set_xlabel(r"$\log_{10}(E_\mu\,/\,$GeV)")


def _mean_profiles(
    edges: np.ndarray, real: Described, generated: Described
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean log radius in bins of log energy of both, and the error of their difference."""
    energies, radii, showers = [], [], []
    for described in (real, generated):
        energies.append(described.per_muon["log10_energy"].to_numpy())
        radii.append(described.per_muon["log10_radius"].to_numpy())
        showers.append(np.repeat(described.events.shower_id, described.events.counts))
    entries = grouped_histogram(edges, *energies, *showers)
    sums = grouped_histogram(edges, *energies, *showers, *radii)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [s / n for s, n in zip(sums.totals, entries.totals, strict=True)]
        residuals = [
            (s - n.multiply(np.nan_to_num(mean))) / total
            for s, n, mean, total in zip(
                (sums.real, sums.generated),
                (entries.real, entries.generated),
                means,
                entries.totals,
                strict=True,
            )
        ]
        error = np.sqrt((residuals[1] - residuals[0]).power(2).sum(axis=0))
    return *means, error
