"""Small made-up samples of bundles for the tests of observables and of the evaluation."""

import numpy as np

from fastsim.bundles.events import Events
from fastsim.bundles.primaries import energy_per_nucleon
from fastsim.data.ragged import offsets_of

MASSES = np.array([0.938, 3.73, 13.05, 25.13, 52.10])
DEPTHS = (1500.0, 2000.0)


def make_events(bundles: list[list[tuple[float, float, float]]]) -> Events:
    """Events of one proton primary with the given (energy, x, y) muons, a shower each."""
    counts = [len(bundle) for bundle in bundles]
    muons = [muon for bundle in bundles for muon in bundle]
    primaries = np.tile(np.float32([1e6, 0.938, 0.5, 1500.0]), (len(bundles), 1))
    ids = np.arange(len(bundles), dtype=np.uint64)
    return Events(
        ids,
        ids,
        primaries,
        offsets_of(np.array(counts)),
        *np.array(muons, dtype=np.float32).reshape(-1, 3).T,
    )


def draw_primaries(showers: int, seed: int) -> np.ndarray:
    """Primaries (showers x depths, 4) of E^-1 showers seen at every depth."""
    rng = np.random.default_rng(seed)
    E = 10 ** rng.uniform(5, 7, showers)
    zenith = np.arccos(rng.uniform(0.5, 1.0, showers))
    columns = [np.repeat(c, len(DEPTHS)) for c in (E, rng.choice(MASSES, showers), zenith)]
    return np.column_stack([*columns, np.tile(DEPTHS, showers)]).astype(np.float32)


def toy_mean(primaries: np.ndarray) -> np.ndarray:
    """<N> of :func:`draw_events`."""
    return 6.0 * (primaries[:, 0] / 1e6) ** 0.8 * np.exp((1500.0 - primaries[:, 3]) / 800.0)


def draw_events(
    primaries: np.ndarray,
    seed: int,
    energy_scale: float = 1.0,
    shape: float | None = 3.0,
    independent_radius: bool = False,
    like: Events | None = None,
    hardening: float = 0.0,
) -> Events:
    """Bundles for ``primaries``: N negative binomial (Poisson for ``shape`` None), muons simple.

    Muon energies bend over where they come near that of a nucleon of the primary.
    ``like`` gives ids and N instead of drawing them. Muon energies grow as the primary energy to
    the power ``hardening``.
    """
    rng = np.random.default_rng(seed)
    mean = toy_mean(primaries)
    N = (
        like.counts
        if like is not None
        else rng.poisson(mean if shape is None else mean * rng.gamma(shape, 1.0 / shape, len(mean)))
    )
    M = int(N.sum())
    log_energy = 2.0 + 0.5 * rng.standard_normal(M)
    log_energy += hardening * np.repeat(np.log10(primaries[:, 0] / 1e6), N)
    steered = rng.permutation(log_energy) if independent_radius else log_energy
    radius = 10.0 * rng.rayleigh(size=M) * 10 ** (-0.4 * (steered - 2.0))
    azimuth = rng.uniform(0, 2 * np.pi, M)
    energy = energy_scale * 10**log_energy
    energy /= 1.0 + energy / np.repeat(energy_per_nucleon(primaries[:, 0], primaries[:, 1]), N)
    muons = np.column_stack([energy, radius * np.cos(azimuth), radius * np.sin(azimuth)])
    event_id = np.arange(len(primaries), dtype=np.uint64)
    ids = event_id, event_id // len(DEPTHS)
    if like is not None:
        ids = like.event_id, like.shower_id
    return Events(*ids, primaries, offsets_of(N), *muons.astype(np.float32).T)
