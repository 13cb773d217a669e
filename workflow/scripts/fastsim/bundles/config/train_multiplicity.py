"""Settings of the training of the multiplicity model."""

from pydantic import Field

from fastsim.bundles.config.bundle_training import BundleTrainingConfig


class TrainMultiplicityConfig(BundleTrainingConfig):
    """Network and training of the distribution of the number of muons."""

    components: int = Field(3, ge=1, le=16, description="negative binomials in the mixture")
    width: int = Field(24, ge=2, le=1024, description="width of the hidden layers")
    folds: int = Field(
        1,
        ge=1,
        le=50,
        description="models whose probabilities are averaged, each trained without one of as many "
        "folds of the showers; 1: one model of all showers",
    )
    epochs: int = Field(
        20, ge=1, description="most passes over the training events; each ends with an evaluation"
    )
    # chance picks the best of nearly equal epochs, now and then an early one
    restore_best: bool = Field(False, description="keep the weights of the best evaluation")
    batch_events: int = Field(1024, ge=1, description="events a batch, over all processes")
    learning_rate: float = Field(1e-2, gt=0.0, le=1.0, description="at its peak")
    warmup_steps: int = Field(50, ge=0, description="updates of linear warm-up")
    weight_decay: float = Field(0.1, ge=0.0, le=10.0, description="of the optimiser")
    gradient_clip: float | None = Field(
        5.0, gt=0.0, description="largest norm of a network's gradient; null: as it comes"
    )
    ema_decay: float = Field(
        0.99, ge=0.0, lt=1.0, description="of the averaged network, which is the one kept"
    )
