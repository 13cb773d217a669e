"""Settings of the split into training, validation and test showers."""

from pydantic import Field, model_validator

from fastsim.settings import Section


class SplitConfig(Section):
    """Shares of showers; what is neither validation nor test is training."""

    validation_share: float = Field(
        0.1, gt=0.0, lt=1.0, description="share of showers for validation"
    )
    test_share: float = Field(
        0.4, gt=0.0, lt=1.0, description="share of showers for the final test"
    )
    seed: int = Field(1, ge=0, lt=2**63, description="another seed, another assignment")

    @model_validator(mode="after")
    def _some_training(self) -> "SplitConfig":
        if self.validation_share + self.test_share >= 1.0:
            raise ValueError("validation_share and test_share together must stay below 1")
        return self
