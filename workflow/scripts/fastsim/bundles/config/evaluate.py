"""Settings of the evaluation."""

from pydantic import Field

from fastsim.settings import Section


class EvaluateConfig(Section):
    """Figures of merit of the generated test bundles."""

    seed: int = Field(1, ge=0, lt=2**63, description="of bootstraps, halves and classifiers")
    bootstrap_replicas: int = Field(
        200, ge=2, le=100_000, description="draws of showers behind every error"
    )
    classifier_repeats: int = Field(
        10, ge=2, le=100, description="random halves behind every classifier's AUC"
    )
    lookup_events: int = Field(
        100_000,
        ge=1000,
        description="most training events that the lookups without a network are made of",
    )
