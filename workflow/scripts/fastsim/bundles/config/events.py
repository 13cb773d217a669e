"""Settings of where the showers come from."""

from typing import Literal

from pydantic import Field

from fastsim.settings import Section


class EventsConfig(Section):
    """The built-in air-shower simulation, or files of the user."""

    source: Literal["simulate", "files"] = Field(
        "simulate",
        description="simulate: the air-shower simulation of `simulate`; files: the user's own "
        "showers, `ingest.files`",
    )
    spectral_index: float | None = Field(
        None,
        ge=0.0,
        le=5.0,
        description="for files, and needed there: gamma of the spectrum dN/dE ~ E^-gamma that "
        "their showers were drawn from, for weights to a cosmic-ray flux",
    )
