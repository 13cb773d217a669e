"""Settings of the normalisation between physical units and network inputs."""

from typing import Literal

from pydantic import Field

from fastsim.settings import Section


class FitNormalizationConfig(Section):
    """How muons are represented to the networks."""

    representation: Literal["fitted", "seed"] = Field(
        "fitted",
        description="fitted: energy and radius made Gaussian and Rayleigh by an invertible map; "
        "seed: log10 E/PeV and x, y over 500 m, standardised",
    )
