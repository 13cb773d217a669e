"""The cascade at the primary energies of CORSIKA showers, and what the two have in common."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fastsim.airshower.atmosphere import ShowerAxis
from fastsim.airshower.cascade import Cascade
from fastsim.airshower.underground import muons_at_depths
from tests.physics.corsika import CUT, OBSERVATION_ALTITUDE, CorsikaShower


@dataclass(frozen=True)
class Repeated:
    """A CORSIKA shower and simulated showers of the same nucleus and energy, muons above the cut.

    Attributes:
        corsika: the shower.
        simulated: muons of each repetition, columns as of the shower.
    """

    corsika: CorsikaShower
    simulated: list[np.ndarray]

    @property
    def counts(self) -> np.ndarray:
        """Muons of each repetition."""
        return np.array([len(muons) for muons in self.simulated])


def simulate_again(
    cascade: Cascade,
    showers: Sequence[CorsikaShower],
    repetitions: Callable[[float], int],
    seed: int,
) -> list[Repeated]:
    """Simulate each shower ``repetitions(energy)`` times."""
    rng = random.Random(seed)
    cascade.hadronic.reseed(np.random.PCG64(seed))
    cascade.decayer.reseed(seed)
    axis = ShowerAxis(1.0, OBSERVATION_ALTITUDE)
    return [
        Repeated(
            shower,
            [
                cascade.shower(shower.mass_number, shower.energy, axis, CUT, rng)
                for _ in range(repetitions(shower.energy))
            ],
        )
        for shower in showers
    ]


def at_depths(
    pairs: Sequence[Repeated],
    ingested: Sequence[Sequence[CorsikaShower]],
    slant_depths: Sequence[float],
    seed: int,
) -> list[list[Repeated]]:
    """Return the pairs as they are seen at each depth.

    Args:
        pairs: at the surface.
        ingested: the CORSIKA shower of each pair, at each depth.
        slant_depths: increasing, m; the cut leaves no gap from the first on.
        seed: of the simulated muons' way through the ice.
    """
    rng = np.random.default_rng(seed)
    carried = [
        [muons_at_depths(muons, slant_depths, 1.0, rng) for muons in pair.simulated]
        for pair in pairs
    ]
    return [
        [
            Repeated(showers[depth], [muons[depth] for muons in repetitions])
            for showers, repetitions in zip(ingested, carried, strict=True)
        ]
        for depth in range(len(slant_depths))
    ]


def muon_ratio(pairs: Sequence[Repeated]) -> tuple[float, float]:
    """Return the ratio of simulated to CORSIKA's muon number, and its standard error.

    Showers fluctuate, ``variance = c0 mean + c1 mean^2``, with both fitted to the repetitions. The
    ratio is of sums weighted by mean over variance, which has the least error; the error is that
    of the CORSIKA showers and of the repetitions together.
    """
    mean = np.array([pair.counts.mean() for pair in pairs])
    seen = np.array([len(pair.corsika.muons) for pair in pairs])
    repetitions = np.array([len(pair.simulated) for pair in pairs])
    variance = np.array([pair.counts.var(ddof=1) for pair in pairs])
    some = mean > 0
    terms = np.column_stack([np.ones(some.sum()), mean[some]])
    c0, c1 = np.linalg.lstsq(terms, variance[some] / mean[some], rcond=None)[0]
    smooth = np.maximum(c0 + c1 * mean, 1.0) * np.maximum(mean, 1e-9)
    weight = mean / smooth
    expected = (weight * mean).sum()
    ratio = expected / (weight * seen).sum()
    relative = np.sqrt((weight**2 * smooth * (1 + 1 / repetitions)).sum()) / expected
    return float(ratio), float(ratio * relative)


def distance_and_probability(
    pairs: Sequence[Repeated], quantity: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float]:
    """Compare the distribution of a muon's quantity over all showers.

    Muons of a shower belong together, so the usual probabilities of a Kolmogorov-Smirnov test do
    not hold: its distance is ranked among those of the repetitions, each taken for CORSIKA once.

    Returns:
        The distance between CORSIKA and the repetitions, and the share of repetitions that lie
        at least as far from the others.
    """
    sets = min(len(pair.simulated) for pair in pairs)
    simulated = [
        np.sort(quantity(np.concatenate([pair.simulated[i] for pair in pairs])))
        for i in range(sets)
    ]

    def distance(sample: np.ndarray, others: list[np.ndarray]) -> float:
        reference = np.sort(np.concatenate(others))
        points = np.concatenate([sample, reference])
        shares = [np.searchsorted(s, points, side="right") / len(s) for s in (sample, reference)]
        return float(np.abs(shares[0] - shares[1]).max())

    corsika = np.sort(quantity(np.concatenate([pair.corsika.muons for pair in pairs])))
    # each is held against one set less than there are, so that all distances are alike
    own = np.mean([distance(corsika, simulated[:i] + simulated[i + 1 :]) for i in range(sets)])
    null = [distance(simulated[i], simulated[:i] + simulated[i + 1 :]) for i in range(sets)]
    return float(own), float((1 + np.sum(np.array(null) >= own)) / (1 + sets))


def log_energy(muons: np.ndarray) -> np.ndarray:
    """Return log10 E/GeV of muons, their energy first."""
    return np.log10(muons[:, 0])


def radius(muons: np.ndarray) -> np.ndarray:
    """Return the distance from the axis, m, of muons, x and y second and third."""
    return np.hypot(muons[:, 1], muons[:, 2])
