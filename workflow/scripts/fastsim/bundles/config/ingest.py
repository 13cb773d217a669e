"""Settings of the ingest of the user's own showers."""

from typing import Literal

from pydantic import Field

from fastsim.bundles.config.simulate import Depths, ShowerConfig
from fastsim.settings import Section


class IngestConfig(Section):
    """What the files' numbers mean, and which rows are kept.

    The first four keys describe MuoniTron Parquet and HDF5 files; event tables and CORSIKA files
    state their units themselves.
    """

    mass: Literal["GeV", "mass number"] = Field(
        "GeV", description="what the column of the primary's mass holds"
    )
    depth_unit: Literal["m", "km"] = Field("m", description="unit of the depth")
    depth_kind: Literal["slant", "vertical"] = Field(
        "slant", description="depth along the track, or below the surface"
    )
    angle: Literal["rad", "degree"] = Field("rad", description="unit of the zenith angle")
    max_muons_per_event: int = Field(
        100_000, ge=1, description="rows with more muons go to the outliers, not into training"
    )
    slant_depths: Depths = Field(
        ShowerConfig.model_fields["slant_depths"].default,
        description="CORSIKA files only: lengths of ice along the track to the observation "
        "points, m",
    )
    muon_energy_min: float = Field(
        0.0,
        ge=0.0,
        le=1e6,
        description="CORSIKA files, and all samples of transfer: muons with less energy at a depth "
        "are left out, GeV; for files with a high energy cut",
    )
    seed: int = Field(
        1, ge=0, lt=2**63, description="CORSIKA files only: of the muons' way through the ice"
    )


class IngestStageConfig(IngestConfig):
    """Which files, and how they are spread over shards."""

    files: tuple[str, ...] = Field(
        (), description="paths, globs (`**` too) or URLs of the files, when `events.source: files`"
    )
    shards: int = Field(
        8, ge=1, le=9999, description="most jobs the files are spread over, in contiguous groups"
    )
    max_rejected_fraction: float = Field(
        0.001, ge=0.0, le=1.0, description="share of rejected rows above which the run stops"
    )
    token_file: str | None = Field(
        None,
        description="file with the token for remote files; the environment variable "
        "CR_MUONS_TOKEN comes first",
    )
