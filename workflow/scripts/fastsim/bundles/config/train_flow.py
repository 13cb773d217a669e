"""Settings of the training of the flow."""

from pydantic import Field

from fastsim.bundles.config.bundle_training import BundleTrainingConfig


class TrainFlowConfig(BundleTrainingConfig):
    """Network and training of the neural spline flow, trained by likelihood."""

    steps: int = Field(3000, ge=1, description="updates")
    batch_events: int = Field(
        256, ge=1, description="events a batch, over all processes; none are without muons"
    )
    max_muons_per_batch: int = Field(
        20_000,
        ge=1,
        description="a batch ends before it exceeds this; one larger event is a batch of its own",
    )
    learning_rate: float = Field(2e-3, gt=0.0, le=1.0, description="at its peak")
    warmup_steps: int = Field(100, ge=0, description="updates of linear warm-up")
    gradient_clip: float | None = Field(
        1.0, gt=0.0, description="largest norm of a network's gradient; null: as it comes"
    )
    width: int = Field(64, ge=4, le=4096, description="width of all hidden layers")
    transforms: int = Field(1, ge=1, le=16, description="spline transformations in a row")
    bins: int = Field(16, ge=2, le=64, description="bins of each spline")
    evaluations: int = Field(
        10, ge=1, description="times the likelihood of validation bundles is taken; mostly late"
    )
