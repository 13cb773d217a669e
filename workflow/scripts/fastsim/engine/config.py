"""Settings that all trainings share: optimisation, duration, precision, checkpoints."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fastsim.settings import Section

Decay = Annotated[float, Field(ge=0.0, lt=1.0)]
Scheduler = Literal["constant", "cosine", "linear", "exponential", "step", "plateau"]


class ScheduleConfig(Section):
    """The course of a learning rate, from its peak to its end."""

    scheduler: Scheduler = Field("cosine", description="course of the learning rate after warm-up")
    final_ratio: float = Field(
        0.0, ge=0.0, le=1.0, description="rate at the end over peak; cosine, linear, exponential"
    )
    drop_every: float = Field(
        0.25, gt=0.0, le=1.0, description="step only: share of the training from drop to drop"
    )
    drop_factor: float = Field(
        0.3, gt=0.0, lt=1.0, description="step and plateau: factor of the learning rate at a drop"
    )
    plateau_patience: int = Field(
        2, ge=0, description="plateau only: evaluations without improvement before a drop"
    )
    warmup_steps: int = Field(0, ge=0, description="updates of linear warm-up")
    warmup_ratio: float = Field(
        0.0, ge=0.0, lt=1.0, description="the same as a share of all; counts if above 0"
    )

    @model_validator(mode="after")
    def _exponential_has_an_end(self) -> "ScheduleConfig":
        if self.scheduler == "exponential" and self.final_ratio == 0.0:
            raise ValueError("final_ratio = 0.0: scheduler exponential needs one above 0")
        return self


class TrainingConfig(ScheduleConfig):
    """What every trainer takes, under the same keys."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed and processes, same model")
    optimizer: Literal["adamw", "adam", "sgd"] = Field("adamw", description="torch's optimiser")
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="of adam and adamw")
    momentum: Decay = Field(0.9, description="of sgd")
    weight_decay: float = Field(0.0, ge=0.0, le=10.0, description="of the optimiser")
    gradient_clip: float | None = Field(
        None, gt=0.0, description="largest norm of a network's gradient; null: as it comes"
    )
    accumulate: int = Field(
        1, ge=1, le=1024, description="batches whose gradients are added up for one update"
    )
    ema_decay: Decay = Field(0.999, description="of the averaged network, which is the one kept")
    patience: int | None = Field(
        None, ge=1, description="evaluations without improvement before it ends; null: never"
    )
    min_delta: float = Field(0.0, ge=0.0, description="least change of the score that improves it")
    baseline: float | None = Field(None, description="score to be better than from the start")
    restore_best: bool = Field(True, description="keep the weights of the best evaluation")
    deterministic: bool = Field(
        False, description="bit-identical repetition on GPUs too, which is slower there"
    )
    detect_anomaly: bool = Field(False, description="name the operation that made a NaN; slow")
    non_finite: Literal["stop", "skip"] = Field(
        "stop", description="when a loss or gradient is not finite: end, or leave the update out"
    )
    log_every_steps: int = Field(50, ge=1, description="steps from one row of the log to the next")
    save_every_steps: int = Field(500, ge=1, description="steps from one checkpoint to the next")
    keep_checkpoints: int = Field(2, ge=1, description="newest ones that are kept, and the best")
    resident_memory: int | None = Field(
        None, ge=0, description="MiB of events that stay on the device; null: half of what is free"
    )
    shuffle_window: int | None = Field(
        None, ge=1, description="events that are shuffled among themselves; null: as many as fit"
    )


class NetworkConfig(Section):
    """How large networks compute."""

    precision: Literal["fp32", "bf16", "fp16"] = Field("fp32", description="of the forward passes")
    # YAML reads the words on and off as these
    compile: Literal["auto"] | bool = Field(
        "auto",
        description="torch.compile, on or off; auto: on GPUs; without a compiler it is left out",
    )
