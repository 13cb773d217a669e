"""Settings of the air-shower simulation."""

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from fastsim.settings import Section

# above 300 m of snow the parents of the muons fall below the energies of the hadronic model
Depth = Annotated[float, Field(ge=300.0, le=20_000.0)]


def _increasing(depths: tuple[float, ...]) -> tuple[float, ...]:
    if list(depths) != sorted(set(depths)):
        raise ValueError("must increase")
    return depths


Depths = Annotated[tuple[Depth, ...], Field(min_length=1), AfterValidator(_increasing)]
Weight = Annotated[float, Field(ge=0.0)]


HadronicRelease = Literal["sibyll21", "sibyll23d", "sibyll23e"]


class Composition(Section):
    """Relative numbers of the primaries' nuclei."""

    p: Weight = Field(0.3, description="protons")
    He: Weight = Field(0.25, description="helium, A = 4")
    N: Weight = Field(0.15, description="nitrogen, A = 14")
    Al: Weight = Field(0.1, description="aluminium, A = 27")
    Fe: Weight = Field(0.2, description="iron, A = 56")

    @model_validator(mode="after")
    def _some_weight(self) -> "Composition":
        if not 0.0 < sum(self.model_dump().values()) < math.inf:
            raise ValueError("at least one nucleus needs a weight above 0, and all a finite sum")
        return self


class ShowerConfig(Section):
    """Air showers, their muons and what of them reaches the depths."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed, same showers, whatever the shards")
    energy_min: float = Field(1e4, ge=1e3, le=1e9, description="lowest primary energy, GeV")
    energy_max: float = Field(1e7, ge=1e3, le=1e9, description="highest primary energy, GeV")
    spectral_index: float = Field(
        1.0, ge=0.0, le=5.0, description="gamma of the spectrum dN/dE ~ E^-gamma"
    )
    composition: Composition = Field(Composition(), description="relative numbers of the nuclei")
    zenith_min: float = Field(0.0, ge=0.0, le=80.0, description="smallest zenith angle, degrees")
    zenith_max: float = Field(
        60.0, ge=0.0, le=80.0, description="largest zenith angle, degrees; uniform in cos(zenith)"
    )
    slant_depths: Depths = Field(
        tuple(1500.0 + 100.0 * step for step in range(12)),
        description="lengths of ice along the track to the observation points, m",
    )
    one_depth_per_shower: bool = Field(
        False,
        description="see each shower at one of the depths, drawn at random: all events independent",
    )
    hadronic_model: HadronicRelease = Field(
        "sibyll23d", description="what happens when hadrons and nuclei meet air"
    )
    surface_altitude: float = Field(
        2834.0, ge=0.0, le=9000.0, description="altitude of the ice surface above sea level, m"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "ShowerConfig":
        if self.energy_max <= self.energy_min:
            raise ValueError("energy_max must be above energy_min")
        if self.zenith_max < self.zenith_min:
            raise ValueError("zenith_max must not be below zenith_min")
        return self


class SimulateConfig(ShowerConfig):
    """How many showers, and how they are spread over files."""

    showers: int = Field(9_000, ge=1, description="air showers to simulate")
    shards: int = Field(8, ge=1, le=9999, description="files the showers are spread over")

    @model_validator(mode="after")
    def _no_empty_shard(self) -> "SimulateConfig":
        if self.shards > self.showers:
            raise ValueError("shards must not exceed showers")
        return self
