"""Between physical units and what the networks see: conditions and muons, there and back.

A primary (energy, mass, zenith, depth) becomes four conditions: log10 of the energy in PeV, log10
of the mass, cosine of the zenith, depth in km, each standardised. A muon (energy, x, y) becomes
(g, x', y') in one of two representations:

* ``seed``: g is log10 of the energy in PeV, x' and y' the position over 500 m, standardised;
* ``fitted``: g is standard normal and (x', y') two-dimensional standard normal, both to the
  accuracy of a fitted map that depends on the primary and the number of muons; the radius's map
  depends on g too, which takes out most of the correlation of energy and radius. g is a map of the
  :func:`stretched_energy`, whose density has no edge where the muons' spectrum ends on either side.

Both leave the azimuth around the shower axis as it is, and neither gives a muon less energy than
its mass, whatever a model made; nor ``fitted`` more than a nucleon of the primary had.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fastsim.bundles.events import MUON_MASS
from fastsim.bundles.primaries import energy_per_nucleon
from fastsim.data.normalization import Affine, ConditionalMap
from fastsim.errors import InputError
from fastsim.files import read_json, write_json
from fastsim.settings import Section, parse

CONDITIONS = ("log10_energy_pev", "log10_mass", "cos_zenith", "depth_km")
# column of the muons in normalised shards
POINTS_COLUMN = "muons"

LEAST_KINETIC_ENERGY = float(np.spacing(np.float32(MUON_MASS)))
"""GeV; what float32 tells apart at the muon's mass: a muon at rest has a logarithm, too."""

STRETCH = 8.0
"""Power of the stretched energy: with it the fitted map alone, without a network, gives as many
leading muons of a tenth to a half of a nucleon's energy as the simulation (docs/EXPERIMENTS.md)."""

ENERGY_INPUTS = (*CONDITIONS, "log_count")
RADIUS_INPUTS = (*ENERGY_INPUTS, "g")


def seed_conditions(primaries: np.ndarray) -> np.ndarray:
    """log10(E/PeV), log10(mass/GeV), cos(zenith), depth/km, float64 (events, 4)."""
    energy, mass, zenith, depth = np.asarray(primaries, dtype=np.float64).T
    return np.column_stack([np.log10(energy / 1e6), np.log10(mass), np.cos(zenith), depth / 1e3])


def stretched_energy(energy: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return log(L/k ((1 - T/L)^-k - 1)) of muons of kinetic energy T from nucleons of energy L.

    With k = :data:`STRETCH` it is the logarithm of T far below the kinematic limit, which it moves
    to infinity. Where the share of muons above T is (1 - T/L)^p, as by counting rules for leading
    hadrons (Brodsky and Gunion, Phys. Rev. D 17 (1978) 848), that of the stretched energy falls as
    an exponential, with p/k.

    Args:
        energy: total energy in GeV, float64 (muons,). T is at least :data:`LEAST_KINETIC_ENERGY`.
        inputs: of :func:`muon_inputs`, (muons, 5).

    Raises:
        InputError: a muon has the energy of a nucleon of the primary, or more.
    """
    kinetic = np.maximum(energy - MUON_MASS, LEAST_KINETIC_ENERGY)
    limit = _nucleon_energy(inputs)
    beyond = np.flatnonzero(kinetic >= limit)
    if len(beyond):
        raise InputError(
            f"a muon of {energy[beyond[0]]:g} GeV: must have less than a nucleon of its primary, "
            f"{limit[beyond[0]]:g} GeV"
        )
    return np.log(np.expm1(-STRETCH * np.log1p(-kinetic / limit)) * (limit / STRETCH))


def unstretched_energy(stretched: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return the total energy in GeV that :func:`stretched_energy` was given."""
    limit = _nucleon_energy(inputs)
    log_surplus = stretched - np.log(limit / STRETCH)
    return MUON_MASS - limit * np.expm1(-np.logaddexp(0.0, log_surplus) / STRETCH)


def _nucleon_energy(inputs: np.ndarray) -> np.ndarray:
    return energy_per_nucleon(1e6 * 10.0 ** inputs[:, 0], 10.0 ** inputs[:, 1])


def reflected_at_mass(energy: np.ndarray) -> np.ndarray:
    """Return energies (GeV), those below the muon's mass as far above it, the others unchanged.

    Energies of muons end at the mass, where the density does not vanish. Models blur that end;
    reflection gives back what leaked out, as for a kernel estimate of a density that ends
    (B. W. Silverman, Density Estimation, 1986, section 2.10).
    """
    return np.where(energy < MUON_MASS, 2.0 * MUON_MASS - energy, energy)


class SeedMuons(Section):
    """log10 of the energy in PeV and the position over 500 m, standardised."""

    representation: Literal["seed"] = "seed"
    energy: Affine
    position_scale: float = Field(
        gt=0.0, description="rms of a coordinate over 500 m; one for both keeps the azimuth"
    )

    def normalize(self, inputs: np.ndarray, muons: np.ndarray) -> np.ndarray:
        """Map muons (M, 3) in GeV, m, m to float32 (M, 3); ``inputs`` (M, 5) play no part."""
        energy = self.energy.forward(np.log10(muons[:, 0] / 1e6))
        return np.column_stack([energy, muons[:, 1:] / (500.0 * self.position_scale)])

    def denormalize(self, inputs: np.ndarray, normalized: np.ndarray) -> np.ndarray:
        """Return what :meth:`normalize` was given."""
        energy = reflected_at_mass(1e6 * 10.0 ** self.energy.inverse(normalized[:, 0]))
        return np.column_stack([energy, normalized[:, 1:] * (500.0 * self.position_scale)])


class FittedMuons(Section):
    """Energy made Gaussian, radius made Rayleigh, given the primary and the number of muons."""

    representation: Literal["fitted"] = "fitted"
    energy: ConditionalMap
    radius: ConditionalMap

    def normalize(self, inputs: np.ndarray, muons: np.ndarray) -> np.ndarray:
        """Map muons (M, 3) in GeV, m, m, given ``inputs`` (M, 5): conditions and log N."""
        g = self.energy.forward(stretched_energy(muons[:, 0], inputs), inputs)
        # g is stored as float32: the radius's map sees the value that its inverse will see
        g = g.astype(np.float32).astype(np.float64)
        radius = np.hypot(muons[:, 1], muons[:, 2])
        with np.errstate(divide="ignore"):
            rho = np.exp(self.radius.forward(np.log(radius), np.column_stack([inputs, g])))
        return np.column_stack([g, _rescale(muons[:, 1:], radius, rho)])

    def denormalize(self, inputs: np.ndarray, normalized: np.ndarray) -> np.ndarray:
        """Return what :meth:`normalize` was given, with the same ``inputs``."""
        g = normalized[:, 0]
        energy = unstretched_energy(self.energy.inverse(g, inputs), inputs)
        rho = np.hypot(normalized[:, 1], normalized[:, 2])
        with np.errstate(divide="ignore"):
            radius = np.exp(self.radius.inverse(np.log(rho), np.column_stack([inputs, g])))
        return np.column_stack([energy, _rescale(normalized[:, 1:], rho, radius)])


def _rescale(position: np.ndarray, radius: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Give ``position`` (M, 2) of norm ``radius`` the norm ``wanted``; the axis stays the axis."""
    factor = np.divide(wanted, radius, out=np.zeros_like(wanted), where=radius > 0)
    return position * factor[:, None]


class Normalization(Section):
    """The fitted normalisation of a dataset, saved as ``normalization.json``.

    Attributes:
        primaries: standardisation of each of :data:`CONDITIONS`.
        muons: one of the two representations.
    """

    format_version: Literal["4"] = "4"
    primaries: dict[str, Affine]
    muons: Annotated[SeedMuons | FittedMuons, Field(discriminator="representation")]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if tuple(self.primaries) != CONDITIONS:
            raise ValueError(f"primaries must be {', '.join(CONDITIONS)}")
        if isinstance(self.muons, FittedMuons):
            for quantity, inputs in (("energy", ENERGY_INPUTS), ("radius", RADIUS_INPUTS)):
                fitted: ConditionalMap = getattr(self.muons, quantity)
                if not tuple(fitted.location.low) == tuple(fitted.log_scale.low) == inputs:
                    raise ValueError(f"inputs of {quantity} must be {', '.join(inputs)}")
        return self

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read ``normalization.json``; :class:`InputError` when it is missing or malformed."""
        return parse(cls, read_json(path), str(path))

    def save(self, path: str | Path) -> None:
        """Write ``normalization.json`` atomically."""
        write_json(path, self.model_dump(mode="json"))

    def conditions(self, primaries: np.ndarray) -> np.ndarray:
        """Standardised conditions, float32 (events, 4), of ``primaries`` (events, 4) in GeV, GeV,
        rad, m."""
        columns = seed_conditions(primaries).T
        maps = self.primaries.values()
        standardised = [affine.forward(x) for affine, x in zip(maps, columns, strict=True)]
        return np.column_stack(standardised).astype(np.float32)

    def primaries_of(self, conditions: np.ndarray) -> np.ndarray:
        """Return what :meth:`conditions` was given, float32 (events, 4) in GeV, GeV, rad, m."""
        maps = self.primaries.values()
        columns = np.asarray(conditions, dtype=np.float64).T
        energy, mass, zenith, depth = (
            affine.inverse(x) for affine, x in zip(maps, columns, strict=True)
        )
        # rounding may carry a vertical shower's cosine above 1
        zenith = np.arccos(np.clip(zenith, -1.0, 1.0))
        physical = (1e6 * 10.0**energy, 10.0**mass, zenith, 1e3 * depth)
        return np.column_stack(physical).astype(np.float32)

    def normalize(self, primaries: np.ndarray, counts: np.ndarray, muons: np.ndarray) -> np.ndarray:
        """Return normalised muons, float32 (muons, 3): g, x', y'.

        Args:
            primaries: (events, 4) in GeV, GeV, rad, m.
            counts: (events,) muons per event.
            muons: (muons, 3) in GeV, m, m, event after event.
        """
        inputs = muon_inputs(primaries, counts)
        return self.muons.normalize(inputs, muons.astype(np.float64)).astype(np.float32)

    def denormalize(
        self, primaries: np.ndarray, counts: np.ndarray, normalized: np.ndarray
    ) -> np.ndarray:
        """Return the muons, float32 (muons, 3) in GeV, m, m, that :meth:`normalize` was given."""
        inputs = muon_inputs(primaries, counts)
        return self.muons.denormalize(inputs, normalized.astype(np.float64)).astype(np.float32)


def energy_radius(points: np.ndarray) -> np.ndarray:
    """Return normalised energy and radius, float32 (M, 2), of normalised muons (M, 3)."""
    return np.column_stack([points[:, 0], np.hypot(points[:, 1], points[:, 2])])


def muon_inputs(primaries: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """What the fitted maps depend on, float64 (muons, 5): :data:`CONDITIONS` and log N."""
    log_count = np.log(np.maximum(counts, 1))
    return np.repeat(np.column_stack([seed_conditions(primaries), log_count]), counts, axis=0)
