"""The whole configuration of the muon-bundle workflow: one section a stage."""

import math
import os
import re
from typing import get_args

from pydantic import Field, field_validator, model_validator

from fastsim.bundles.config.blind_test import BlindTestConfig
from fastsim.bundles.config.compare import CompareConfig
from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.config.events import EventsConfig
from fastsim.bundles.config.fit_normalization import FitNormalizationConfig
from fastsim.bundles.config.generate import GenerateConfig
from fastsim.bundles.config.ingest import IngestStageConfig
from fastsim.bundles.config.models import BundleModel
from fastsim.bundles.config.plot import PlotConfig
from fastsim.bundles.config.sample import SampleConfig
from fastsim.bundles.config.simulate import SimulateConfig
from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.config.train_flow import TrainFlowConfig
from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.config.transfer import TransferConfig
from fastsim.settings import Section
from fastsim.tracking.config import TrackingConfig


class BundlesConfig(Section):
    """Configuration of the workflow; every key has a default."""

    output_dir: str = Field(
        "results/bundles",
        description="folder of the results, below the working directory or beside it; another one "
        "keeps the runs of another config apart",
    )
    events: EventsConfig = Field(EventsConfig(), description="where the showers come from")
    simulate: SimulateConfig = Field(SimulateConfig(), description="air-shower simulation")
    ingest: IngestStageConfig = Field(IngestStageConfig(), description="the user's own showers")
    split: SplitConfig = Field(SplitConfig(), description="training, validation, test showers")
    fit_normalization: FitNormalizationConfig = Field(
        FitNormalizationConfig(), description="network inputs"
    )
    train_multiplicity: TrainMultiplicityConfig = Field(
        TrainMultiplicityConfig(), description="how many muons"
    )
    bundle_model: BundleModel = Field(
        "gan", description="what says which muons: the WGAN-GP of train_gan, the flow of train_flow"
    )
    also_compare: tuple[BundleModel, ...] | None = Field(
        None,
        description="models trained and sampled too and put beside it in the report; null: all "
        "others",
    )
    ensemble: int = Field(
        1,
        ge=1,
        le=100,
        description="trainings of the bundle_model, with its seed, seed + 1, ...; from 2 on the "
        "report shows how far they differ",
    )
    train_gan: TrainGanConfig = Field(
        TrainGanConfig(), description="which muons, by a generator and a critic"
    )
    train_flow: TrainFlowConfig = Field(
        TrainFlowConfig(), description="which muons, by their likelihood"
    )
    compare: CompareConfig = Field(CompareConfig(), description="families of networks side by side")
    tracking: TrackingConfig = Field(TrackingConfig(), description="how trainings are seen")
    sample: SampleConfig = Field(SampleConfig(), description="generation for the test primaries")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="figures of merit")
    plot: PlotConfig = Field(PlotConfig(), description="figures")
    blind_test: BlindTestConfig = Field(
        BlindTestConfig(), description="figures of merit on showers that nobody has looked at"
    )
    generate: GenerateConfig = Field(
        GenerateConfig(), description="bundles for primaries of one's own"
    )
    transfer: TransferConfig = Field(
        TransferConfig(), description="the trained models on showers of another program"
    )

    @field_validator("output_dir")
    @classmethod
    def _folder_that_rules_can_name(cls, folder: str) -> str:
        plain = folder == os.path.normpath(folder) != "."
        if not plain or not re.fullmatch(r"[\w.]([\w./-]*[\w.-])?", folder):
            raise ValueError(
                "a folder as seen from the working directory is needed (results/mine, not "
                "./results/mine), of letters, digits, '.', '_', '-' and '/' in between; for "
                "another place make it a link"
            )
        return folder

    @model_validator(mode="after")
    def _other_showers_for_the_blind_test(self) -> "BundlesConfig":
        if self.blind_test.seed == self.simulate.seed:
            raise ValueError(
                f"blind_test.seed is {self.blind_test.seed} as simulate.seed is; another one is "
                "needed, or models would be tested on showers they were trained with"
            )
        if self.simulate.hadronic_model in self.blind_test.hadronic_models:
            raise ValueError(
                f"blind_test.hadronic_models names {self.simulate.hadronic_model}, which is "
                "simulate.hadronic_model; name others"
            )
        return self

    @model_validator(mode="after")
    def _held_out_showers_are_simulated(self) -> "BundlesConfig":
        if self.events.source != "simulate":
            return self
        nucleus, limits = self.split.held_out_nucleus, self.split.held_out_log10_energy
        if nucleus is not None:
            weights = self.simulate.composition.model_dump()
            if weights[nucleus] == 0:
                raise ValueError(
                    f"split.held_out_nucleus is {nucleus}, of which simulate.composition has none"
                )
            if weights[nucleus] == sum(weights.values()):
                raise ValueError(
                    f"split.held_out_nucleus is {nucleus}, and simulate.composition has no other "
                    "to train on"
                )
        if limits is not None:
            simulated = self.simulate.energy_min, self.simulate.energy_max
            low, high = (math.log10(energy) for energy in simulated)
            if limits[0] >= high or limits[1] <= low:
                raise ValueError(
                    f"split.held_out_log10_energy is {list(limits)}, where nothing is simulated; "
                    f"simulated are {low:g} to {high:g}"
                )
            if limits[0] <= low and limits[1] >= high:
                raise ValueError(
                    f"split.held_out_log10_energy is {list(limits)}, which leaves nothing to train "
                    f"on; simulated are {low:g} to {high:g}"
                )
        return self

    @property
    def named_files(self) -> tuple[str, ...]:
        """The files that are ingested: to train on, or for the transfer; never both."""
        return self.ingest.files or self.transfer.files

    @property
    def compared_models(self) -> tuple[BundleModel, ...]:
        """The models that are put beside the one that generates."""
        if self.also_compare is None:
            return tuple(name for name in get_args(BundleModel) if name != self.bundle_model)
        return self.also_compare

    @model_validator(mode="after")
    def _compared_with_others(self) -> "BundlesConfig":
        if self.bundle_model in self.compared_models:
            raise ValueError(
                f"also_compare names {self.bundle_model}, which is the bundle_model; name others"
            )
        if len(set(self.compared_models)) < len(self.compared_models):
            raise ValueError("also_compare names a model twice")
        return self

    @model_validator(mode="after")
    def _one_source_of_events(self) -> "BundlesConfig":
        if self.events.source == "simulate":
            for key, value in (
                ("ingest.files", self.ingest.files or None),
                ("events.spectral_index", self.events.spectral_index),
            ):
                if value is not None:
                    raise ValueError(f"{key} is given, but events.source is simulate, not files")
        elif self.transfer.files:
            raise ValueError("transfer.files is given, but events.source is files, not simulate")
        elif not self.ingest.files:
            raise ValueError(
                "events.source is files, but ingest.files names none; paths, globs or URLs are "
                "needed"
            )
        elif self.events.spectral_index is None:
            raise ValueError(
                "events.source is files, and events.spectral_index is missing: gamma of the "
                "spectrum dN/dE ~ E^-gamma that the showers were drawn from is needed"
            )
        return self
