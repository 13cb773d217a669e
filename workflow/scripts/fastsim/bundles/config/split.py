"""Settings of the split into training, validation and test showers."""

from typing import Literal

from pydantic import Field, model_validator

from fastsim.settings import Section

Nucleus = Literal["p", "He", "N", "Al", "Fe"]


class HeldOutConfig(Section):
    """Showers that no training sees, so that the test tells how models do between those it saw."""

    held_out_nucleus: Nucleus | None = Field(
        None, description="nucleus that is in no training or validation, only in the test"
    )
    held_out_log10_energy: tuple[float, float] | None = Field(
        None,
        description="the same for primary energies: log10 of GeV, from the first to below the "
        "second",
    )

    @model_validator(mode="after")
    def _some_energies(self) -> "HeldOutConfig":
        limits = self.held_out_log10_energy
        if limits is not None and limits[0] >= limits[1]:
            raise ValueError(
                f"held_out_log10_energy is {list(limits)}; the second must be above the first"
            )
        return self


class SplitConfig(HeldOutConfig):
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
