"""Settings of the generation of bundles."""

from typing import Literal

from pydantic import Field

from fastsim.settings import Section

Layout = Literal["muonitron", "hdf5"]


class GenerationConfig(Section):
    """Bundles generated for the primaries of an event table."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed, same bundles")
    batch_events: int = Field(8192, ge=1, description="events a batch; changes no result")


class SampleConfig(GenerationConfig):
    """Bundles generated for the test primaries, and the layouts they are written in."""

    shards: int = Field(
        16,
        ge=1,
        le=9999,
        description="files of generated bundles and parallel jobs, each on a GPU where there is "
        "one; at most as many as there are shards of showers",
    )
    export: tuple[Layout, ...] = Field(
        (),
        description="layouts besides the event table: muonitron (Parquet as MuoniTron writes it), "
        "hdf5 (the older primaries, muons and counts)",
    )
