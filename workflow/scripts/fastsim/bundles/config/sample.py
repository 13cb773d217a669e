"""Settings of the generation of bundles."""

from pydantic import Field

from fastsim.settings import Section


class SampleConfig(Section):
    """Bundles generated for the test primaries."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed, same bundles")
    batch_events: int = Field(8192, ge=1, description="events a batch; changes no result")
