"""Draw the figures, and print the numbers, of docs/PHYSICS_VALIDATION.md.

Run: python benchmarks/physics_validation.py [--output docs/figures] [--effort 1.0]

The comparison with CORSIKA is left out where its files are absent, that with PUMAS without mulder.
"""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

import numpy as np
from matplotlib.figure import Figure
from scipy.integrate import quad
from tests.physics import comparison, corsika

from fastsim.airshower import ice
from fastsim.airshower.atmosphere import ShowerAxis
from fastsim.airshower.cascade import Cascade
from fastsim.airshower.decays import Decayer
from fastsim.airshower.hadronic import HadronicModel
from fastsim.bundles.baselines import ELBERT_SETS, elbert_mean
from fastsim.bundles.figures import style

FIGURES = Path(__file__).resolve().parents[1] / "docs/figures"

PROPOSAL = {5e2: (0.741, 50.0), 1e3: (0.948, 342.0), 1e4: (0.994, 6_141.0), 1e5: (0.999, 61_711.0)}
"""Survival and mean surviving energy [GeV] after 1.5 km of ice by initial energy [GeV]."""


def compare_with_corsika(cascade: Cascade, effort: float, folder: Path) -> None:
    showers = [
        shower
        for shower in corsika.read_showers()
        if shower.mass_number in (1, 4) and 1e5 <= shower.energy < 1e8
    ]
    pairs = comparison.simulate_again(
        cascade, showers, lambda energy: int(np.clip(effort * 1e8 / energy, 12, 60)), seed=1
    )
    print("\n| primary | log10 E/GeV | showers | N(>1 TeV), this / CORSIKA |\n|---|---|---|---|")
    ratios = []
    for name, mass_number in (("p", 1), ("He", 4)):
        own = [pair for pair in pairs if pair.corsika.mass_number == mass_number]
        for low in (5, 6, 7):
            some = [pair for pair in own if 10**low <= pair.corsika.energy < 10 ** (low + 1)]
            ratio, error = comparison.muon_ratio(some)
            ratios.append((name, low + 0.5, ratio, error))
            print(f"| {name} | {low} to {low + 1} | {len(some)} | {ratio:.3f} +- {error:.3f} |")
        ratio, error = comparison.muon_ratio(own)
        print(f"| {name} | 5 to 8 | {len(own)} | {ratio:.3f} +- {error:.3f} |")
    combined = comparison.muon_ratio(pairs)
    print(f"| both | 5 to 8 | {len(pairs)} | {combined[0]:.3f} +- {combined[1]:.3f} |\n")

    figure = Figure(figsize=(style.PAGE_WIDTH, 2.6))
    axes = figure.subplots(1, 3)
    for i, name in enumerate(("p", "He")):
        x, y, error = np.array([values for n, *values in ratios if n == name]).T
        axes[0].errorbar(
            x + 0.1 * i - 0.05, y, error, fmt="os"[i], ms=4, color=style.SERIES[i], label=name
        )
    axes[0].axhspan(0.95, 1.05, color=style.BAND, lw=0)
    axes[0].axhline(1.0, color=style.REAL, lw=0.8)
    axes[0].set(xlabel="log$_{10}$ E / GeV", ylabel="N(>1 TeV), this / CORSIKA", ylim=(0.5, 1.6))
    axes[0].legend()
    quantities = (
        (comparison.log_energy, "log$_{10}$ muon energy / GeV", np.linspace(3, 5, 17)),
        (comparison.radius, "distance from the axis / m", np.linspace(0, 15, 16)),
    )
    for ax, (quantity, label, edges) in zip(axes[1:], quantities, strict=True):
        distance, probability = comparison.distance_and_probability(pairs, quantity)
        print(f"{quantity.__name__}: distance {distance:.4f}, probability {probability:.2f}")
        theirs = quantity(np.concatenate([pair.corsika.muons for pair in pairs]))
        ours = [
            quantity(np.concatenate([pair.simulated[i] for pair in pairs]))
            for i in range(min(len(pair.simulated) for pair in pairs))
        ]
        medians = [np.median(values) for values in ours]
        print(
            f"  median {np.mean(medians):.3f} +- {np.std(medians):.3f} (one set), "
            f"CORSIKA {np.median(theirs):.3f}"
        )
        sets = np.array([np.histogram(values, edges)[0] / len(values) for values in ours])
        middle = (edges[1:] + edges[:-1]) / 2
        share, spread = sets.mean(axis=0), sets.std(axis=0)
        ax.fill_between(
            middle, share - spread, share + spread, color=style.GENERATED, alpha=0.3, lw=0
        )
        ax.plot(middle, share, color=style.GENERATED, label="this, band: as many showers")
        theirs_share = np.histogram(theirs, edges)[0] / len(theirs)
        ax.plot(middle, theirs_share, "o", ms=3, color=style.REAL, label="CORSIKA 7.75")
        ax.set(xlabel=label, ylabel="share of muons above 1 TeV")
        ax.legend(fontsize=6.5)
    axes[1].set_yscale("log")
    figure.savefig(folder / "corsika.png", dpi=160)


def compare_with_formulas(cascade: Cascade, effort: float, folder: Path) -> None:
    """Mean number and width of N(>1 TeV) for vertical showers at sea level."""
    axis, rng = ShowerAxis(1.0, 0.0), random.Random(2)
    every_energy = np.array([1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7])
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.8))
    axes = figure.subplots(1, 3)
    print("\n| primary | E/GeV | N(>1 TeV) | variance / mean | this / formula, by set |")
    print("|---|---|---|---|---|")
    for ax, (name, mass_number) in zip(axes, (("p", 1), ("Fe", 56)), strict=False):
        # below, a nucleon of the nucleus has not the energy of the muon
        energies = every_energy[every_energy > 1.5e3 * mass_number]
        means, errors, widths = [], [], []
        for energy in energies:
            number = int(np.clip(effort * 4e8 / energy, 100, 2000))
            counts = [
                len(cascade.shower(mass_number, energy, axis, 1e3, rng)) for _ in range(number)
            ]
            means.append(np.mean(counts))
            errors.append(np.std(counts) / np.sqrt(number))
            widths.append(np.var(counts, ddof=1) / means[-1])
            formulas = [
                float(elbert_mean(energy, mass_number, 1.0, 1e3, parameters))
                for parameters in ELBERT_SETS.values()
            ]
            quotients = " / ".join(f"{means[-1] / formula:.2f}" for formula in formulas)
            print(
                f"| {name} | {energy:.0e} | {means[-1]:.3f} +- {errors[-1]:.3f} "
                f"| {widths[-1]:.2f} | {quotients} |"
            )
        fine = np.geomspace(1e4, 1e7, 200)
        for parameters, color in zip(ELBERT_SETS.values(), style.FORMULAS, strict=True):
            curve = elbert_mean(fine, mass_number, 1.0, 1e3, parameters)
            ax.plot(
                fine, np.where(curve > 1e-3, curve, np.nan), color=color, label=parameters.label
            )
        ax.errorbar(energies, means, errors, fmt="o", ms=3, color=style.REAL, label="this")
        ax.set(xscale="log", yscale="log", ylim=(3e-3, 60), xlabel="primary energy / GeV")
        ax.set(ylabel="mean N(>1 TeV)", title=f"{name}, vertical, sea level")
        line, color = ("o-", style.SERIES[0]) if mass_number == 1 else ("s--", style.SERIES[1])
        axes[2].plot(energies, widths, line, color=color, ms=3, label=name)
    axes[0].legend(fontsize=6.5)
    axes[2].axhline(1.0, color=style.REAL, lw=0.8)
    axes[2].set(xscale="log", xlabel="primary energy / GeV", ylabel="variance / mean of N(>1 TeV)")
    axes[2].legend()
    figure.savefig(folder / "formulas.png", dpi=160)


def compare_ice(folder: Path) -> None:
    depth, rng = np.array([1500 * ice.ICE_DENSITY]), np.random.default_rng(1)
    energies = np.geomspace(300, 2e5, 25)
    survival, mean = [], []
    print("\n| E/GeV | survival | PROPOSAL | mean energy/GeV | PROPOSAL |\n|---|---|---|---|---|")
    for energy in np.concatenate([list(PROPOSAL), energies]):
        arrived = ice.propagate(np.full(100_000, energy), depth, rng)[0]
        alive = arrived[arrived > 0]
        survival.append(len(alive) / len(arrived))
        mean.append(alive.mean() if len(alive) else np.nan)
        if energy in PROPOSAL:
            p, e = PROPOSAL[energy]
            print(
                f"| {energy:.0f} | {survival[-1]:.4f} ({survival[-1] / p - 1:+.1%}) | {p} "
                f"| {mean[-1]:.1f} ({mean[-1] / e - 1:+.1%}) | {e:g} |"
            )
    known = len(PROPOSAL)
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.6))
    axes = figure.subplots(1, 3)
    reference = np.array(list(PROPOSAL.values()))
    axes[0].plot(energies, survival[known:], color=style.GENERATED, label="this")
    axes[0].plot(list(PROPOSAL), reference[:, 0], "o", color=style.REAL, label="PROPOSAL 7")
    axes[0].set(
        xscale="log", xlabel="energy at the surface / GeV", ylabel="survival, 1.5 km of ice"
    )
    axes[0].legend()
    axes[1].plot(energies, np.array(mean[known:]) / energies, color=style.GENERATED)
    axes[1].plot(list(PROPOSAL), reference[:, 1] / list(PROPOSAL), "o", color=style.REAL)
    axes[1].set(
        xscale="log", xlabel="energy at the surface / GeV", ylabel="mean E of survivors / E"
    )
    try:
        import mulder
    except ImportError:
        print("mulder is not installed: no comparison with PUMAS")
    else:
        water = mulder.Physics().compile("Water")
        print("\n| E/GeV | mean range/m.w.e. | PUMAS | ratio |\n|---|---|---|---|")
        ratios = []
        for energy in energies:
            ours = quad(lambda e: 1 / float(ice.mean_loss(e)), 0.106, energy, limit=500)[0]
            ratios.append(ours / water.range(energy))
        for energy in (500.0, 1e3, 1e4, 1e5):
            ours = quad(lambda e: 1 / float(ice.mean_loss(e)), 0.106, energy, limit=500)[0]
            theirs = water.range(energy)
            print(f"| {energy:.0f} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.3f} |")
        axes[2].plot(energies, ratios, color=style.GENERATED)
        axes[2].axhline(1.0, color=style.REAL, lw=0.8)
        axes[2].set(xscale="log", ylim=(0.9, 1.1), xlabel="energy / GeV")
        axes[2].set(ylabel="mean range, this / PUMAS")
    figure.savefig(folder / "ice.png", dpi=160)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FIGURES)
    parser.add_argument("--effort", type=float, default=1.0, help="factor on the showers simulated")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    with style.house_style():
        compare_ice(args.output)
        cascade = Cascade(HadronicModel(), Decayer())
        cascade.hadronic.reseed(np.random.PCG64(1))
        cascade.decayer.reseed(1)
        compare_with_formulas(cascade, args.effort, args.output)
        if any(corsika.FOLDER.glob("DAT*")):
            compare_with_corsika(cascade, args.effort, args.output)
        else:
            print(f"{corsika.FOLDER}: no CORSIKA files, no comparison with them")


if __name__ == "__main__":
    main()
