"""One step of the adversarial training, and its state; knows neither files nor evaluation."""

from typing import Any

import numpy as np
import torch
from torch import nn

from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.gan_data import StepNoise, TrainingBundles
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator
from fastsim.bundles.models.wgan_gp import CriticLoss, GeneratorLoss, sorted_by_energy
from fastsim.data.batches import BatchStream, share
from fastsim.engine.distributed import Process, replicate, sum_over_processes
from fastsim.engine.ema import Ema
from fastsim.engine.schedule import (
    delayed_exponential_decay,
    linear_decay,
    set_learning_rate,
)

BETAS = (0.0, 0.9)
# the generator starts near the truth: it waits until the critic knows something, and then moves
# slowly enough for the critic to follow, or it wanders off first (docs/EXPERIMENTS.md)
GENERATOR_DELAY = 0.05
GENERATOR_END = 0.03
LOG_EVERY = 50
# the running mean of the Wasserstein gap: 500 steps
GAPS_AVERAGED = 10


class GanTraining:
    """Generator, critic, averaged generator and optimisers over a stream of batches.

    Every process holds one; all compute the same parameters, each from its share of the batch.

    Args:
        config: the effective section.
        data: training bundles.
        conditions: number of conditions.
        process: this process.
    """

    def __init__(
        self, config: TrainGanConfig, data: TrainingBundles, conditions: int, process: Process
    ) -> None:
        self._config, self._data, self._process = config, data, process
        self.generator_arguments = {
            "conditions": conditions,
            "width": config.width,
            "layers": config.generator_layers,
            "event_noise": config.event_noise,
            "muon_noise": config.muon_noise,
        }
        # on the CPU, so that any device starts with the same weights
        torch.manual_seed(config.seed)
        self._generator = Generator(**self.generator_arguments).to(process.device)
        self._critic = Critic(conditions, config.width, config.critic_layers).to(process.device)
        self._critic_loss = replicate(
            CriticLoss(self._critic, config.gradient_penalty, config.batch_events)
        )
        self._generator_loss = replicate(GeneratorLoss(self._generator, config.batch_events))
        self._critic_optimizer = torch.optim.Adam(
            self._critic.parameters(), betas=BETAS, fused=True
        )
        self._generator_optimizer = torch.optim.Adam(
            self._generator.parameters(), betas=BETAS, fused=True
        )
        self.ema = Ema(self._generator, config.ema_decay)
        self._noise = StepNoise(config.seed, self._generator, process.device)
        self._stream = BatchStream(
            data.counts, config.batch_events, config.max_muons_per_batch, config.seed
        )
        self._gaps: list[float] = []
        self._reset_sums()

    def _reset_sums(self) -> None:
        # critic's loss, gap, penalty, gradient norm and their events; generator's loss and events
        self._sums = torch.zeros(7, device=self._process.device)

    def step(self, step: int) -> None:
        """Make step number ``step`` (from 1): the critic's updates, then the generator's."""
        steps = self._config.steps
        critic = linear_decay(step - 1, steps)
        generator = delayed_exponential_decay(step - 1, steps, GENERATOR_DELAY, GENERATOR_END)
        set_learning_rate(self._critic_optimizer, critic * self._config.critic_learning_rate)
        set_learning_rate(
            self._generator_optimizer, generator * self._config.generator_learning_rate
        )
        for use in range(self._config.critic_steps):
            rows = self._stream.next()
            part = share(self._data.counts[rows], self._process.rank, self._process.world_size)
            self._update_critic((step, use), rows, part)
        self._update_generator((step, self._config.critic_steps), rows, part)
        self.ema.update()

    def _update_critic(self, label: tuple[int, int], rows: np.ndarray, part: slice) -> None:
        real, batch = self._data.gather(rows[part])
        noise, mixing = self._noise.draw(label, self._data.counts[rows], part)
        with torch.no_grad():
            generated = self._generator.energy_radius(batch, noise)
            generated = sorted_by_energy(generated, batch.event)
        loss, sums = self._critic_loss(real, generated, mixing, batch)
        self._descend(loss, self._critic_optimizer)
        self._sums[:4] += sums
        self._sums[4] += part.stop - part.start

    def _update_generator(self, label: tuple[int, int], rows: np.ndarray, part: slice) -> None:
        _, batch = self._data.gather(rows[part])
        noise, _ = self._noise.draw(label, self._data.counts[rows], part)
        loss, loss_sum = self._generator_loss(self._critic, noise, batch)
        self._descend(loss, self._generator_optimizer)
        self._sums[5] += loss_sum
        self._sums[6] += part.stop - part.start

    def _descend(self, loss: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        # gradients are averaged over processes; the loss of the joint batch is the shares' sum
        (loss * self._process.world_size).backward()
        optimizer.step()

    def scalars(self) -> dict[str, float]:
        """Return means over the events since the last call; all processes call it together.

        It is due every :data:`LOG_EVERY` steps, so that the gap's running mean is over 500.
        """
        sums = sum_over_processes(self._sums).tolist()
        self._reset_sums()
        if not np.isfinite(sums).all():
            raise FloatingPointError("the losses are no finite numbers; try lower learning rates")
        loss, gap, penalty, norm = (value / sums[4] for value in sums[:4])
        self._gaps = [*self._gaps, gap][-GAPS_AVERAGED:]
        return {
            "loss/critic": loss,
            "loss/generator": sums[5] / sums[6],
            "critic/penalty": penalty,
            "critic/input_gradient_norm": norm,
            "critic/wasserstein_gap": gap,
            "critic/wasserstein_gap_mean": float(np.mean(self._gaps)),
            "learning_rate/critic": self._critic_optimizer.param_groups[0]["lr"],
            "learning_rate/generator": self._generator_optimizer.param_groups[0]["lr"],
            "gradient_norm/critic": _gradient_norm(self._critic),
            "gradient_norm/generator": _gradient_norm(self._generator),
        }

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        return {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "gaps": list(self._gaps),
            "sums": self._sums,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self._gaps = list(state["gaps"])
        self._sums = state["sums"]

    def _parts(self) -> dict[str, Any]:
        return {
            "generator": self._generator,
            "critic": self._critic,
            "ema": self.ema,
            "generator_optimizer": self._generator_optimizer,
            "critic_optimizer": self._critic_optimizer,
            "stream": self._stream,
        }


def _gradient_norm(model: nn.Module) -> float:
    gradients = [parameter.grad for parameter in model.parameters()]
    return float(torch.nn.utils.get_total_norm(gradients))
