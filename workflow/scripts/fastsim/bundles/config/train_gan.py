"""Settings of the training of the generator of muons."""

from typing import Literal

from pydantic import Field, model_validator

from fastsim.bundles.config.bundle_training import BundleTrainingConfig
from fastsim.bundles.config.families import Family
from fastsim.engine.config import Decay, NetworkConfig, ScheduleConfig, Scheduler

Penalty = Literal["one-sided", "two-sided", "r1r2"]


class TrainGanConfig(BundleTrainingConfig, NetworkConfig):
    """Networks and training of the conditional Wasserstein GAN with gradient penalty."""

    steps: int = Field(2400, ge=1, description="updates of the generator")
    batch_events: int = Field(
        256, ge=1, description="events a batch, over all processes; none are without muons"
    )
    max_muons_per_batch: int = Field(
        20_000,
        ge=1,
        description="a batch ends before it exceeds this; one larger event is a batch of its own",
    )
    critic_steps: int = Field(2, ge=1, le=20, description="updates of the critic per step")
    penalty: Penalty = Field(
        "one-sided",
        description="of the norm g of the critic's gradient by an event: max(0, g - 1)^2, "
        "(g - 1)^2, both between real and generated; or g^2 / 2 at the real and at the generated",
    )
    penalty_weight: float = Field(10.0, gt=0.0, description="of the penalty in the critic's loss")
    gp_every: int = Field(
        1, ge=1, description="critic updates from one with the penalty, as many times, to the next"
    )
    optimizer: Literal["adamw", "adam", "sgd"] = Field("adam", description="torch's optimiser")
    betas: tuple[Decay, Decay] = Field((0.0, 0.9), description="of adam and adamw")
    generator_learning_rate: float = Field(1e-4, gt=0.0, le=1.0, description="at its peak")
    critic_learning_rate: float = Field(8e-4, gt=0.0, le=1.0, description="at its peak")
    scheduler: Scheduler = Field("linear", description="course of the critic's learning rate")
    generator_scheduler: Scheduler = Field(
        "exponential", description="course of the generator's learning rate"
    )
    generator_final_ratio: float = Field(
        0.03, ge=0.0, le=1.0, description="as final_ratio, which is the critic's"
    )
    generator_delay: float = Field(
        0.05, ge=0.0, lt=1.0, description="share of the steps in which the critic learns alone"
    )
    generator_family: Family = Field("epic", description="kind of the generator's layers")
    critic_family: Family = Field("epic", description="kind of the critic's layers")
    width: int = Field(64, ge=4, le=4096, description="width of all hidden layers")
    generator_layers: int = Field(3, ge=1, le=32, description="layers")
    critic_layers: int = Field(2, ge=1, le=32, description="layers before the pooling")
    event_noise: int = Field(4, ge=1, le=256, description="random numbers shared by a bundle")
    muon_noise: int = Field(
        1, ge=0, le=256, description="random numbers of a muon besides energy and position"
    )
    evaluations: int = Field(
        6, ge=1, description="times the generator is scored on validation bundles; mostly late"
    )

    @model_validator(mode="after")
    def _generator_exponential_has_an_end(self) -> "TrainGanConfig":
        if self.generator_scheduler == "exponential" and self.generator_final_ratio == 0.0:
            raise ValueError(
                "generator_final_ratio = 0.0: generator_scheduler exponential needs one above 0"
            )
        return self

    @property
    def generator_schedule(self) -> ScheduleConfig:
        """The generator's course of the learning rate."""
        shared = {key: getattr(self, key) for key in ScheduleConfig.model_fields}
        own = {"scheduler": self.generator_scheduler, "final_ratio": self.generator_final_ratio}
        return ScheduleConfig(**shared | own)
