"""The whole configuration of the muon-bundle workflow: one section a stage."""

from pydantic import Field

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.config.fit_normalization import FitNormalizationConfig
from fastsim.bundles.config.plot import PlotConfig
from fastsim.bundles.config.sample import SampleConfig
from fastsim.bundles.config.simulate import SimulateConfig
from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.settings import Section


class BundlesConfig(Section):
    """Configuration of the workflow; every key has a default."""

    output_dir: str = Field(
        "results/bundles",
        pattern=r"^[\w.][\w./-]*$",
        description="folder of the results; another one keeps the runs of another config apart",
    )
    simulate: SimulateConfig = Field(SimulateConfig(), description="air-shower simulation")
    split: SplitConfig = Field(SplitConfig(), description="training, validation, test showers")
    fit_normalization: FitNormalizationConfig = Field(
        FitNormalizationConfig(), description="network inputs"
    )
    train_multiplicity: TrainMultiplicityConfig = Field(
        TrainMultiplicityConfig(), description="how many muons"
    )
    train_gan: TrainGanConfig = Field(TrainGanConfig(), description="which muons")
    sample: SampleConfig = Field(SampleConfig(), description="generation for the test primaries")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="figures of merit")
    plot: PlotConfig = Field(PlotConfig(), description="figures")
