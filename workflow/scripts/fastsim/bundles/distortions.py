"""Known defects to put into simulated bundles, to learn which of them a test finds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fastsim.bundles.events import Events
from fastsim.data.ragged import order_within_rows


def scale_energy(events: Events, rng: np.random.Generator, strength: float) -> Events:
    """Return the events with every energy times 1 + ``strength``; nothing is drawn."""
    return replace(events, muon_energy=events.muon_energy * np.float32(1.0 + strength))


def scale_radius(events: Events, rng: np.random.Generator, strength: float) -> Events:
    """Return the events with every distance from the axis times 1 + ``strength``."""
    factor = np.float32(1.0 + strength)
    return replace(events, muon_x=events.muon_x * factor, muon_y=events.muon_y * factor)


def smear_energy(events: Events, rng: np.random.Generator, strength: float) -> Events:
    """Return the events with every energy times a lognormal of mean 1 and width ``strength``."""
    width = np.sqrt(np.log1p(strength**2))
    factor = rng.lognormal(-0.5 * width**2, width, len(events.muon_energy))
    return replace(events, muon_energy=(events.muon_energy * factor).astype(np.float32))


def permute_energies(events: Events, rng: np.random.Generator) -> Events:
    """Return the events with energies permuted among the muons of a bundle.

    Every bundle keeps its energies and its positions; which muon has which is lost.
    """
    draw = rng.random(len(events.muon_energy), dtype=np.float32)
    return replace(events, muon_energy=events.muon_energy[order_within_rows(draw, events.counts)])


def shuffle_muons(events: Events, rng: np.random.Generator) -> Events:
    """Return the events with muons shuffled among all events of the same N.

    Muons stay whole; what they owe to the primary, beyond N, and to each other is lost.
    """
    n = np.repeat(events.counts, events.counts)
    place = np.argsort(n, kind="stable")
    taken = np.empty_like(place)
    taken[place] = np.lexsort((rng.random(len(n)), n))
    energy, x, y = (column[taken] for column in events.muon_columns)
    return replace(events, muon_energy=energy, muon_x=x, muon_y=y)


@dataclass(frozen=True)
class Distortion:
    """A defect of known size.

    Attributes:
        name: of the kind of defect.
        strength: relative size, or None for a defect that is there or not.
        apply: returns distorted events, from events and a source of random numbers.
    """

    name: str
    strength: float | None
    apply: Callable[[Events, np.random.Generator], Events]


_GRADED = {
    "energy_scale": (scale_energy, (0.01, 0.02, 0.05, 0.10)),
    "radius_scale": (scale_radius, (0.02, 0.05, 0.10)),
    "energy_smear": (smear_energy, (0.10, 0.20)),
}

DISTORTIONS = (
    *(
        Distortion(name, strength, partial(function, strength=strength))
        for name, (function, strengths) in _GRADED.items()
        for strength in strengths
    ),
    Distortion("permuted_energies", None, permute_energies),
    Distortion("shuffled_muons", None, shuffle_muons),
)
"""What the power of the event classifier is measured with, by kind and growing strength."""

TITLES = {
    "energy_scale": "energy scale",
    "radius_scale": "radius scale",
    "energy_smear": "energy smearing",
    "permuted_energies": "energies permuted within bundles",
    "shuffled_muons": "muons shuffled between bundles of equal N",
}
"""Kind of a distortion to its name in texts."""
