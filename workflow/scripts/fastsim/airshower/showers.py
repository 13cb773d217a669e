"""Air showers from the primary to the muons at each depth, one random stream a shower."""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from fastsim.airshower.atmosphere import ShowerAxis
from fastsim.airshower.cascade import Cascade
from fastsim.airshower.primaries import Primary, PrimarySpectrum
from fastsim.airshower.underground import muons_at_depths, surface_threshold
from fastsim.bundles.events import Events
from fastsim.data.ragged import offsets_of

DEPTH_STREAM = 4
"""Number of the random stream that draws the depth, after those of the shower itself."""


def muons_of_primary(
    primary: Primary,
    slant_depths: np.ndarray,
    surface_altitude: float,
    cascade: Cascade,
    rng: np.random.Generator,
    streams: Sequence[np.random.SeedSequence],
) -> list[np.ndarray]:
    """Simulate the shower of a primary.

    Args:
        primary: the cosmic ray.
        slant_depths: increasing lengths of ice along the track, m.
        surface_altitude: altitude of the ice surface, m.
        cascade: the transport through the air; its models are reseeded.
        rng: source of what happens in the ice.
        streams: the seeds of the hadronic model, of the decays and of the free paths.

    Returns:
        for each depth float64 (muons, 3): energy [GeV], x, y [m].
    """
    interactions, decays, paths = streams
    cascade.hadronic.reseed(np.random.PCG64(interactions))
    cascade.decayer.reseed(int(decays.generate_state(1)[0]))
    muons = cascade.shower(
        primary.nucleus.mass_number,
        primary.energy,
        ShowerAxis(primary.cos_zenith, surface_altitude),
        # below it no muon reaches the shallowest of its depths
        surface_threshold(slant_depths[0], primary.cos_zenith),
        random.Random(int(paths.generate_state(1, np.uint64)[0])),
    )
    return muons_at_depths(muons, slant_depths, primary.cos_zenith, rng)


class ShowerSimulation:
    """Showers of a spectrum of primaries, seen at several slant depths.

    Shower ``i`` depends on the seed and on ``i`` alone: it may be simulated in any process and
    after any other shower.

    Args:
        spectrum: what the primaries are drawn from.
        slant_depths: increasing lengths of ice along the track, m.
        surface_altitude: altitude of the ice surface, m.
        seed: seed of all showers.
        cascade: the transport through the air; its models are reseeded for every shower.
        one_depth: whether each shower is seen at one of the depths only, drawn at random.
    """

    def __init__(
        self,
        spectrum: PrimarySpectrum,
        slant_depths: Sequence[float],
        surface_altitude: float,
        seed: int,
        cascade: Cascade,
        one_depth: bool = False,
    ) -> None:
        self.spectrum = spectrum
        self.slant_depths = np.asarray(slant_depths, dtype=np.float64)
        self.surface_altitude = surface_altitude
        self.seed = seed
        self.cascade = cascade
        self.one_depth = one_depth

    def depth_numbers(self, shower_id: int) -> np.ndarray:
        """Return at which of the depths the shower is seen, int64, increasing."""
        numbers = np.arange(len(self.slant_depths))
        if not self.one_depth:
            return numbers
        # a stream of its own: what else is drawn for the shower does not depend on it
        stream = np.random.SeedSequence(self.seed, spawn_key=(shower_id, DEPTH_STREAM))
        return np.random.default_rng(stream).choice(numbers, 1)

    def shower(self, shower_id: int) -> tuple[Primary, list[np.ndarray]]:
        """Simulate one shower.

        Returns:
            its primary, and for each of its depths float64 (muons, 3): energy [GeV], x, y [m].
        """
        slant_depths = self.slant_depths[self.depth_numbers(shower_id)]
        stream, *others = np.random.SeedSequence(self.seed, spawn_key=(shower_id,)).spawn(4)
        rng = np.random.Generator(np.random.PCG64(stream))
        primary = self.spectrum.draw(rng)
        return primary, muons_of_primary(
            primary, slant_depths, self.surface_altitude, self.cascade, rng, others
        )

    def events(self, first_shower: int, shower_count: int) -> Iterator[Events]:
        """Yield the rows of each shower: one per depth, in order, without muons where none arrive.

        ``shower_id`` is the number of the shower, ``event_id = shower_id * depths + depth number``.
        """
        for shower_id in range(first_shower, first_shower + shower_count):
            primary, at_depths = self.shower(shower_id)
            depth_numbers = self.depth_numbers(shower_id)
            zenith = np.arccos(primary.cos_zenith)
            primaries = np.empty((len(at_depths), 4), dtype=np.float32)
            primaries[:, :3] = primary.energy, primary.nucleus.mass, zenith
            primaries[:, 3] = self.slant_depths[depth_numbers]
            yield Events(
                (shower_id * len(self.slant_depths) + depth_numbers).astype(np.uint64),
                np.full(len(at_depths), shower_id, dtype=np.uint64),
                primaries,
                offsets_of(np.array([len(muons) for muons in at_depths])),
                *np.concatenate(at_depths).astype(np.float32).T,
            )
