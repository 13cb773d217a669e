"""Settings of the test of trained models on showers of another program."""

from pydantic import Field

from fastsim.bundles.config.simulate import HadronicRelease, ShowerConfig
from fastsim.settings import Section


class ResimulateConfig(Section):
    """How given primaries are simulated again."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed and event ids, same showers")
    hadronic_model: HadronicRelease = Field(
        "sibyll23d", description="what happens when hadrons and nuclei meet air"
    )
    surface_altitude: float = Field(
        ShowerConfig.model_fields["surface_altitude"].default,
        ge=0.0,
        le=9000.0,
        description="altitude of the ice surface above sea level, m",
    )


class TransferConfig(Section):
    """Showers of ``snakemake transfer``: files that are read as the section ingest says."""

    files: tuple[str, ...] = Field(
        (),
        description="paths, globs (`**` too) or URLs of the files, when `events.source: simulate`",
    )
    surface_altitude: float | None = Field(
        None,
        ge=0.0,
        le=9000.0,
        description="altitude of the surface that the files' muons are at, m: their primaries are "
        "simulated with it, and with that of simulate; null: the same",
    )
    seed: int = Field(
        5,
        ge=0,
        lt=2**63,
        description="of these simulations, and of the depth at which each shower is seen",
    )
