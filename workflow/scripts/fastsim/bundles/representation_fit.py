"""Fit of the normalisation: passes over the training events, a block at a time."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np

from fastsim.bundles.events import Events
from fastsim.bundles.representation import (
    CONDITIONS,
    ENERGY_INPUTS,
    RADIUS_INPUTS,
    FittedMuons,
    Normalization,
    SeedMuons,
    muon_inputs,
    seed_conditions,
    stretched_energy,
)
from fastsim.data.moments import Moments
from fastsim.data.normalization import (
    Affine,
    Block,
    fit_conditional_map,
    gaussian,
    log_rayleigh,
)
from fastsim.errors import InputError

Read = Callable[[], Iterable[Events]]


def fit_normalization(read: Read, representation: Literal["fitted", "seed"]) -> Normalization:
    """Fit the normalisation of a dataset.

    Args:
        read: starts a pass over the training events.
        representation: of the muons.

    Raises:
        InputError: there is no muon to fit it on.
    """
    moments, muons = Moments(len(CONDITIONS)), 0
    for events in read():
        moments.add(seed_conditions(events.primaries))
        muons += len(events.muon_energy)
    if muons == 0:
        raise InputError(
            f"{moments.rows} training events with 0 muons: nothing to fit the normalisation on; "
            "more showers or a larger training share are needed"
        )
    primaries = {
        name: Affine.of(mean, std)
        for name, mean, std in zip(CONDITIONS, moments.mean, moments.std, strict=True)
    }
    maps = fit_fitted(read) if representation == "fitted" else fit_seed(read)
    return Normalization(primaries=primaries, muons=maps)


def fit_seed(read: Read) -> SeedMuons:
    """Fit the affine maps of the ``seed`` representation; every muon counts the same."""
    energy, coordinate = Moments(1), Moments(1)
    for events in read():
        muons = events.muons.astype(np.float64)
        energy.add(np.log10(muons[:, :1] / 1e6))
        coordinate.add(muons[:, 1:].reshape(-1, 1) / 500.0)
    # the rms about zero, not about the mean: a shift would change the azimuth
    rms = float(np.sqrt(coordinate.products[0, 0] / coordinate.weight))
    return SeedMuons(energy=Affine.of(energy.mean[0], energy.std[0]), position_scale=rms or 1.0)


def fit_fitted(read: Read) -> FittedMuons:
    """Fit the maps of the ``fitted`` representation: first the energy's, then the radius's."""
    energy = fit_conditional_map(lambda: _energies(read), ENERGY_INPUTS, gaussian)

    def radii() -> Iterator[Block]:
        for log_radius, inputs, weights, stretched in _muons(read):
            g = energy.forward(stretched, inputs).astype(np.float32)
            # a muon on the axis has no logarithm; the map keeps it there
            off_axis = np.isfinite(log_radius)
            yield (
                log_radius[off_axis],
                np.column_stack([inputs, g])[off_axis],
                weights[off_axis],
            )

    return FittedMuons(
        energy=energy, radius=fit_conditional_map(radii, RADIUS_INPUTS, log_rayleigh)
    )


def _energies(read: Read) -> Iterator[Block]:
    for _, inputs, weights, stretched in _muons(read):
        yield stretched, inputs, weights


def _muons(read: Read) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield log radius, inputs, weights and stretched energy of the muons of each block.

    A muon of a bundle of N weighs 1/sqrt(N): between every muon alike, where few great bundles
    would fix the map, and every bundle alike, where single muons would.
    """
    for events in read():
        muons = events.muons.astype(np.float64)
        with np.errstate(divide="ignore"):
            log_radius = np.log(np.hypot(muons[:, 1], muons[:, 2]))
        counts = events.counts
        weights = 1.0 / np.sqrt(np.repeat(counts, counts))
        inputs = muon_inputs(events.primaries, counts)
        yield log_radius, inputs, weights, stretched_energy(muons[:, 0], inputs)
