"""Showers of primaries that another program has simulated: the same primaries, new muons."""

import math
from collections.abc import Iterator

import numpy as np

from fastsim.airshower.cascade import Cascade
from fastsim.airshower.primaries import Nucleus, Primary
from fastsim.airshower.showers import muons_of_primary
from fastsim.bundles.events import Events
from fastsim.bundles.primaries import mass_number
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError

HEAVIEST = 56
"""Mass number of the heaviest nucleus of the hadronic model."""


def resimulate(
    events: Events, surface_altitude: float, seed: int, cascade: Cascade
) -> Iterator[Events]:
    """Yield every row with the muons of a new shower, one row at a time: each is independent.

    Args:
        events: ids, primaries and depths, which stay; their muons play no part.
        surface_altitude: altitude of the ice surface, m.
        seed: of all showers; one depends on it and on its event id alone.
        cascade: the transport through the air; its models are reseeded for every shower.

    Raises:
        InputError: a nucleus is heavier than :data:`HEAVIEST`.
    """
    nucleons = mass_number(events.primaries[:, 1])
    if len(events) and nucleons.max() > HEAVIEST:
        raise InputError(
            f"mass number {nucleons.max()} of row {nucleons.argmax()}; the simulation knows nuclei "
            f"of at most {HEAVIEST} nucleons"
        )
    for row, (energy, mass, zenith, slant_depth) in enumerate(events.primaries.tolist()):
        nucleus = Nucleus(int(nucleons[row]), mass)
        stream, *others = np.random.SeedSequence(
            seed, spawn_key=(int(events.event_id[row]),)
        ).spawn(4)
        (muons,) = muons_of_primary(
            Primary(nucleus, energy, math.cos(zenith)),
            np.array([slant_depth]),
            surface_altitude,
            cascade,
            np.random.Generator(np.random.PCG64(stream)),
            others,
        )
        yield Events(
            events.event_id[row : row + 1],
            events.shower_id[row : row + 1],
            events.primaries[row : row + 1],
            offsets_of(np.array([len(muons)])),
            *muons.astype(np.float32).T,
        )
