"""Updates of one network: optimiser, course of its learning rate, clipping, loss scaling."""

import math
from typing import Any

import torch
from torch import nn
from torch.optim import lr_scheduler

from fastsim.engine.config import ScheduleConfig, TrainingConfig


class Optimization:
    """Turns losses of a network into updates of it.

    An update that would not be finite is left out on the device itself, which need not be asked.

    Attributes:
        gradient_norm: of the last update, before clipping; on the device, ().

    Args:
        network: on its device.
        config: optimiser, clipping, accumulation.
        learning_rate: at its peak.
        schedule: course of the learning rate.
        updates: how many there will be.
        world_size: processes over which gradients are averaged; a loss is their share of a sum.
        precision: of the forward passes.
    """

    def __init__(
        self,
        network: nn.Module,
        config: TrainingConfig,
        learning_rate: float,
        schedule: ScheduleConfig,
        updates: int,
        world_size: int,
        precision: str = "fp32",
    ) -> None:
        self._parameters = list(network.parameters())
        self._optimizer = _optimizer(self._parameters, config, learning_rate)
        self._warmup = math.ceil(schedule.warmup_ratio * updates) or schedule.warmup_steps
        self._scheduler = _scheduler(self._optimizer, schedule, self._warmup, updates)
        self._parts = {"optimizer": self._optimizer, "scheduler": self._scheduler}
        if schedule.scheduler == "plateau":
            self._parts["plateau"] = lr_scheduler.ReduceLROnPlateau(
                self._optimizer,
                factor=schedule.drop_factor,
                patience=schedule.plateau_patience,
                threshold=config.min_delta,
                threshold_mode="abs",
            )
        self._clip = config.gradient_clip
        self._factor = world_size / config.accumulate
        device = self._parameters[0].device
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self._parts["scaler"] = self._scaler
        self._one = torch.ones((), device=device)
        self.gradient_norm = torch.zeros((), device=device)

    @property
    def learning_rate(self) -> float:
        """Of the next update."""
        return self._optimizer.param_groups[0]["lr"]

    def add(self, loss: torch.Tensor) -> None:
        """Add the gradient of one batch's ``loss``, (), a share of a sum over processes."""
        # a loss that is not finite spoils the gradient of all processes, so that all agree
        spoiled = torch.where(torch.isfinite(loss.detach()), self._one, math.nan)
        self._scaler.scale(loss * self._factor * spoiled).backward()

    def update(self) -> torch.Tensor:
        """Make the update of the gradients added; return whether it had to be left out, bool ().

        With fp16, updates that overflow by the scale of the loss are left out too, and not told:
        the next scale is smaller.
        """
        self._scaler.unscale_(self._optimizer)
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        self.gradient_norm = nn.utils.get_total_norm(gradients)
        bad = ~torch.isfinite(self.gradient_norm)
        if self._clip is not None:
            nn.utils.clip_grads_with_norm_(self._parameters, self._clip, self.gradient_norm)
        if self._scaler.is_enabled():
            # at a scale this small it is not the scale
            bad &= self._scaler.scale(self._one) < 1.0
            self._scaler.step(self._optimizer)
            self._scaler.update()
        else:
            self._optimizer.found_inf = bad.to(torch.float32)
            self._optimizer.step()
        self._optimizer.zero_grad()
        self._scheduler.step()
        return bad

    def evaluated(self, score: float) -> None:
        """Take the score of an evaluation, lower is better, which a plateau waits for.

        Those of the warm-up do not count: its end sets the learning rate, whatever it was.
        """
        if "plateau" in self._parts and self._scheduler.last_epoch >= self._warmup:
            self._parts["plateau"].step(score)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of torch's optimiser, schedulers and scaler."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        for name, part in self._parts.items():
            part.load_state_dict(state[name])


def _optimizer(
    parameters: list[nn.Parameter], config: TrainingConfig, learning_rate: float
) -> torch.optim.Optimizer:
    common = {"lr": learning_rate, "weight_decay": config.weight_decay, "fused": True}
    if config.optimizer == "sgd":
        optimizer = torch.optim.SGD(parameters, momentum=config.momentum, **common)
        # the fused kernel never sets the momenta when it leaves out the first update
        for parameter in parameters:
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return optimizer
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimizer]
    return kind(parameters, betas=config.betas, **common)


def _scheduler(
    optimizer: torch.optim.Optimizer, config: ScheduleConfig, warmup: int, updates: int
) -> lr_scheduler.LRScheduler:
    rest = max(updates - warmup, 1)
    if config.scheduler == "cosine":
        end = config.final_ratio * optimizer.param_groups[0]["lr"]
        course = lr_scheduler.CosineAnnealingLR(optimizer, rest, end)
    elif config.scheduler == "linear":
        course = lr_scheduler.LinearLR(optimizer, 1.0, config.final_ratio, rest)
    elif config.scheduler == "exponential":
        course = lr_scheduler.ExponentialLR(optimizer, config.final_ratio ** (1.0 / rest))
    elif config.scheduler == "step":
        every = max(1, round(config.drop_every * rest))
        course = lr_scheduler.StepLR(optimizer, every, config.drop_factor)
    else:
        # a plateau lowers the rate beside it
        course = lr_scheduler.ConstantLR(optimizer, 1.0)
    if not warmup:
        return course
    rise = lr_scheduler.LinearLR(optimizer, 1.0 / (warmup + 1), 1.0, warmup)
    return lr_scheduler.SequentialLR(optimizer, [rise, course], [warmup])
