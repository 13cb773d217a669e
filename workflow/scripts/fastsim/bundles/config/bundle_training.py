"""Settings that all trainings of bundles share, besides those of every training."""

from pydantic import Field

from fastsim.engine.config import TrainingConfig


class BundleTrainingConfig(TrainingConfig):
    """What trainings of bundles take, under the same keys."""

    energy_importance: float = Field(
        0.0,
        ge=0.0,
        le=5.0,
        description="training events are drawn in proportion to the primary energy to this power: "
        "1 makes E^-1 of E^-2; 0: each once an epoch",
    )
