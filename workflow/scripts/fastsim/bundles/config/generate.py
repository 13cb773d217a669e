"""Settings of the generation for the user's own primaries."""

from pydantic import Field

from fastsim.bundles.config.sample import GenerationConfig


class GenerateConfig(GenerationConfig):
    """Bundles of ``snakemake generate``."""

    primaries: str | None = Field(
        None,
        description="CSV or Parquet file with a primary a row, inside the range of the training: "
        "primary_energy and primary_mass in GeV, zenith in rad, slant_depth in m",
    )
