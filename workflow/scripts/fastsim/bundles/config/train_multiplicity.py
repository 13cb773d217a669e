"""Settings of the training of the multiplicity model."""

from pydantic import Field

from fastsim.settings import Section


class TrainMultiplicityConfig(Section):
    """Network and training of the distribution of the number of muons."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed and data, same model")
    components: int = Field(3, ge=1, le=16, description="negative binomials in the mixture")
    width: int = Field(24, ge=2, le=1024, description="width of the hidden layers")
    epochs: int = Field(20, ge=1, description="most passes over the training events")
    patience: int = Field(
        10, ge=1, description="epochs without a better validation likelihood before it ends"
    )
    batch_events: int = Field(1024, ge=1, description="events a step")
    learning_rate: float = Field(
        1e-2, gt=0.0, le=1.0, description="of AdamW; falls to 0 along a cosine"
    )
    weight_decay: float = Field(0.1, ge=0.0, le=10.0, description="of AdamW")
