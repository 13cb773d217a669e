"""Settings of the test on showers that nobody has looked at."""

from typing import Literal

from pydantic import Field, model_validator

from fastsim.bundles.config.simulate import HadronicRelease
from fastsim.settings import Section

Range = Literal["default", "whole"]


class BlindTestConfig(Section):
    """Showers of ``snakemake blind_test``: one depth each, otherwise as in simulate."""

    showers: int = Field(100_000, ge=1, description="air showers to simulate, each at one depth")
    shards: int = Field(64, ge=1, le=9999, description="files the showers are spread over")
    # showers of others, up to 19 and of 21, were looked at (docs/EXPERIMENTS.md)
    seed: int = Field(
        20, ge=0, lt=2**63, description="other than simulate.seed; never to choose anything with"
    )
    goals: Range = Field(
        "default", description="of the default range of primaries, or the wider ones of preset full"
    )

    hadronic_models: tuple[HadronicRelease, ...] = Field(
        ("sibyll23e", "sibyll21"),
        description="simulate some showers with these too: the error budget to compare with",
    )
    hadronic_shards: int = Field(
        8, ge=1, le=9999, description="so many of the shards are simulated with those models"
    )

    @model_validator(mode="after")
    def _no_empty_shard(self) -> "BlindTestConfig":
        if self.shards > self.showers:
            raise ValueError("shards must not exceed showers")
        if self.hadronic_shards > self.shards:
            raise ValueError("hadronic_shards must not exceed shards")
        return self
