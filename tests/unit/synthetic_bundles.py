"""Small made-up data for the tests of the generator's training: physics plays no part in them."""

import numpy as np

from fastsim.bundles.events import Events
from fastsim.data.ragged import offsets_of


def synthetic_events(showers: int, seed: int) -> Events:
    """Return each shower at two depths: a few muons, fewer and harder the deeper."""
    rng = np.random.default_rng(seed)
    energy = 10 ** rng.uniform(4, 7, showers)
    zenith = rng.uniform(0, 1, showers)
    primaries = np.repeat(
        np.column_stack([energy, np.full(showers, 0.938), zenith, np.full(showers, 1500.0)]),
        2,
        axis=0,
    )
    primaries[1::2, 3] = 2000.0
    counts = rng.poisson((primaries[:, 0] / 1e4) ** 0.3 * 1500 / primaries[:, 3])
    muons = np.repeat(primaries, counts, axis=0)
    muon_energy = muons[:, 3] * np.exp(rng.normal(0.0, 0.8, len(muons)))
    radius = rng.rayleigh(20_000.0 / muon_energy)
    azimuth = rng.uniform(0, 2 * np.pi, len(muons))
    return Events(
        np.arange(2 * showers, dtype=np.uint64),
        np.repeat(np.arange(showers, dtype=np.uint64), 2),
        primaries.astype(np.float32),
        offsets_of(counts),
        muon_energy.astype(np.float32),
        (radius * np.cos(azimuth)).astype(np.float32),
        (radius * np.sin(azimuth)).astype(np.float32),
    )
