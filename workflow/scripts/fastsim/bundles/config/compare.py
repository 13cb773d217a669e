"""Settings of the comparison of families of networks."""

from pydantic import Field, field_validator

from fastsim.bundles.config.families import Family
from fastsim.settings import Section


class CompareConfig(Section):
    """Trainings that ``snakemake compare`` puts side by side; other settings as in train_gan."""

    families: tuple[Family, ...] = Field(
        ("deepsets", "epic", "transformer"),
        min_length=1,
        description="generator and critic of each training",
    )
    steps: int = Field(600, ge=1, description="updates of the generator in each training")

    @field_validator("families")
    @classmethod
    def _each_once(cls, families: tuple[Family, ...]) -> tuple[Family, ...]:
        if len(set(families)) < len(families):
            raise ValueError("a family is named twice")
        return families
