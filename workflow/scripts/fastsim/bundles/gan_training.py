"""What a step of the adversarial training is, and how its generator is judged."""

import copy
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from fastsim.bundles.bundle_validation import Validation
from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.figures.training_examples import examples
from fastsim.bundles.gan_data import StepNoise
from fastsim.bundles.generation import generate
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator
from fastsim.bundles.models.layers import bundles
from fastsim.bundles.models.wgan_gp import CriticLoss, GeneratorLoss, sorted_by_energy
from fastsim.data.batches import share
from fastsim.data.event_batches import EventBatches
from fastsim.data.flat_events import JointBatch
from fastsim.engine.distributed import Process
from fastsim.engine.ema import Ema
from fastsim.engine.guards import NonFinite
from fastsim.engine.loop import Evaluation
from fastsim.engine.optimization import Optimization
from fastsim.engine.precision import compile_module, wants_compilation

# the running mean of the Wasserstein gap is over so many rows of the log
GAPS_AVERAGED = 10
# a running mean so many times its lowest is no fluctuation
DIVERGED = 5.0
# events that a compiled network is tried on
TRIAL_EVENTS = 64


class GanTraining:
    """Generator, critic, averaged generator and their updates over a stream of batches.

    Every process holds one; all compute the same parameters, each from its share of the batch.
    It is a :class:`~fastsim.engine.loop.Task`.

    Args:
        config: the effective section.
        data: training bundles.
        validation: judges the generator; None in other processes than the main one.
        process: this process.
    """

    def __init__(
        self,
        config: TrainGanConfig,
        data: EventBatches,
        validation: Validation | None,
        process: Process,
    ) -> None:
        self._config, self._data, self._process = config, data, process
        self._validation = validation
        conditions = data.widths[0]
        self.generator_arguments = {
            "conditions": conditions,
            "width": config.width,
            "layers": config.generator_layers,
            "event_noise": config.event_noise,
            "muon_noise": config.muon_noise,
            "family": config.generator_family,
        }
        # on the CPU, so that any device starts with the same weights
        torch.manual_seed(config.seed)
        self.generator = Generator(**self.generator_arguments).to(process.device)
        self.critic = Critic(
            conditions, config.width, config.critic_layers, config.critic_family
        ).to(process.device)
        self.ema = Ema(self.generator, config.ema_decay)
        self._noise = StepNoise(config.seed, self.generator, process.device)
        critic_loss = CriticLoss(
            self.critic,
            config.penalty,
            config.penalty_weight,
            config.batch_events,
            config.precision,
        )
        generator_loss = GeneratorLoss(self.generator, config.batch_events, config.precision)
        if wants_compilation(config.compile, process.device):
            self._compile(critic_loss, generator_loss)
        self._critic_loss = process.replicate(critic_loss)
        self._generator_loss = process.replicate(generator_loss)
        # so that the last step is the generator's in any case
        waiting = min(round(config.generator_delay * config.steps), config.steps - 1)
        self.generator_starts = waiting + 1
        self._critic_updates = Optimization(
            self.critic,
            config,
            config.critic_learning_rate,
            config,
            config.steps * config.critic_steps,
            process.world_size,
            config.precision,
        )
        self._generator_updates = Optimization(
            self.generator,
            config,
            config.generator_learning_rate,
            config.generator_schedule,
            config.steps - waiting,
            process.world_size,
            config.precision,
        )
        self._gaps: list[float] = []
        self._lowest_gap = np.inf
        # events and muons
        self._used = torch.zeros(2, dtype=torch.float64)
        self._reset_sums()

    def _compile(self, critic_loss: CriticLoss, generator_loss: GeneratorLoss) -> None:
        """Compile the losses, tried on the first events."""
        start = self._data.state_dict()
        batch = self._data.next()
        self._data.load_state_dict(start)
        # a whole batch may be more than one of many GPUs can hold
        first = slice(0, min(len(batch.counts), TRIAL_EVENTS))
        noise, mixing = self._noise.draw((0, 0), batch.counts, first)
        conditions, counts, real = batch.gather(first)
        known = bundles(conditions, counts, len(real))
        # other muons than the real ones, whose loss would vanish
        others = real + 1.0
        compile_module(critic_loss, lambda: critic_loss(real, others, mixing, known))
        compile_module(generator_loss, lambda: generator_loss(self.critic, noise, known))

    def _reset_sums(self) -> None:
        # critic's loss, gap, penalty, gradient norm and their events; generator's loss and events
        self._sums = torch.zeros(7, device=self._process.device)

    @property
    def epoch(self) -> int:
        """Number of the epoch that the next batch is of."""
        return self._data.epoch

    def step(self, step: int, guard: NonFinite) -> None:
        """Make step number ``step`` (from 1): the critic's updates, then the generator's."""
        for use in range(self._config.critic_steps):
            where = f"step {step}, batches from event {self._data.position} of epoch {self.epoch}"
            # the last ones let go of their window, before another is opened
            batches = []
            batches = self._train_critic(step, use)
            guard.add(f"{where}: critic", self._critic_updates.update())
        if step >= self.generator_starts:
            for label, batch, part in self._labelled(step, self._config.critic_steps, batches):
                self._add_generator(label, batch, part)
            guard.add(f"{where}: generator", self._generator_updates.update())
        self.ema.update()

    def _train_critic(self, step: int, use: int) -> list[JointBatch]:
        """Add the gradients of the critic's next batches, which are returned."""
        update = (step - 1) * self._config.critic_steps + use
        batches = [self._data.next() for _ in range(self._config.accumulate)]
        for label, batch, part in self._labelled(step, use, batches):
            self._add_critic(label, batch, part, update)
        return batches

    def _labelled(
        self, step: int, use: int, batches: list[JointBatch]
    ) -> Iterator[tuple[tuple[int, int], JointBatch, slice]]:
        """Yield the label of each batch's noise, the batch, and this process's share of it."""
        for number, batch in enumerate(batches):
            part = share(batch.counts, self._process.rank, self._process.world_size)
            yield (step, use * len(batches) + number), batch, part

    def _add_critic(
        self, label: tuple[int, int], batch: JointBatch, part: slice, update: int
    ) -> None:
        conditions, counts, real = batch.gather(part)
        known = bundles(conditions, counts, len(real))
        noise, mixing = self._noise.draw(label, batch.counts, part)
        with torch.no_grad():
            generated = self.generator.energy_radius(known, noise)
            generated = sorted_by_energy(generated, known.event)
        every = self._config.gp_every
        penalised = float(every) if update % every == 0 else 0.0
        loss, sums = self._critic_loss(real, generated, mixing, known, penalised)
        self._critic_updates.add(loss)
        self._sums[:4] += sums
        self._sums[4] += len(counts)
        self._used += torch.tensor([len(counts), len(real)])

    def _add_generator(self, label: tuple[int, int], batch: JointBatch, part: slice) -> None:
        conditions, counts, real = batch.gather(part)
        known = bundles(conditions, counts, len(real))
        noise, _ = self._noise.draw(label, batch.counts, part)
        loss, loss_sum = self._generator_loss(self.critic, noise, known)
        self._generator_updates.add(loss)
        self._sums[5] += loss_sum
        self._sums[6] += len(counts)

    def scalars(self) -> dict[str, float]:
        """Return means over the events since the last call; all processes call it together."""
        sums = self._process.sum(self._sums).tolist()
        self._reset_sums()
        loss, gap, penalty, norm = (value / sums[4] for value in sums[:4])
        self._gaps = [*self._gaps, gap][-GAPS_AVERAGED:]
        values = {
            "loss/critic": loss,
            "critic/penalty": penalty,
            "critic/input_gradient_norm": norm,
            "critic/wasserstein_gap": gap,
            "critic/wasserstein_gap_mean": self._mean_gap(),
            "learning_rate/critic": self._critic_updates.learning_rate,
            "gradient_norm/critic": float(self._critic_updates.gradient_norm),
        }
        if sums[6]:
            values |= {
                "loss/generator": sums[5] / sums[6],
                "learning_rate/generator": self._generator_updates.learning_rate,
                "gradient_norm/generator": float(self._generator_updates.gradient_norm),
            }
        return values

    def _mean_gap(self) -> float:
        mean = float(np.mean(self._gaps))
        if len(self._gaps) == GAPS_AVERAGED:
            if mean > DIVERGED * self._lowest_gap > 0 and self._process.is_main:
                print(
                    f"warning: the Wasserstein gap has grown to {mean:.3g}, {DIVERGED:g} times its "
                    f"lowest mean {self._lowest_gap:.3g}: the generator does not follow the critic",
                    file=sys.stderr,
                    flush=True,
                )
                # the next warning needs another growth
                self._lowest_gap = mean
            self._lowest_gap = min(self._lowest_gap, abs(mean))
        return mean

    def evaluate(self, step: int) -> Evaluation:
        """Score the averaged generator on validation bundles."""
        generator = copy.deepcopy(self.ema.model).double()
        score = self._validation.score(partial(generate, generator))
        samples = {"generated": score.generated, "true": self._validation.real}
        return Evaluation(
            score.auc,
            {"validation/auc": score.auc, "validation/w1": score.w1_sum},
            {
                f"{name}/{kind}": sample[:, column]
                for kind, sample in samples.items()
                for column, name in enumerate(("energy", "radius"))
            },
            {"examples": examples(self._validation.real, score.generated)},
        )

    def evaluated(self, score: float) -> None:
        """Let the courses of the learning rates know the score."""
        self._critic_updates.evaluated(score)
        self._generator_updates.evaluated(score)

    def weights(self) -> dict[str, torch.Tensor]:
        """Return those of the averaged generator."""
        return copy.copy(self.ema.model.state_dict())

    def usage(self) -> dict[str, float]:
        """Return events and muons of all processes, and this one's seconds of waiting for them."""
        events, muons = self._process.sum(self._used.to(self._process.device)).tolist()
        return {"events": events, "muons": muons, "waiting_seconds": self._data.waited}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        return {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "gaps": list(self._gaps),
            "lowest_gap": float(self._lowest_gap),
            # every process has its own
            "sums": self._process.gather(self._sums),
            "used": self._process.gather(self._used),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self._gaps = list(state["gaps"])
        self._lowest_gap = state["lowest_gap"]
        self._sums = self._process.own(state["sums"], torch.zeros_like(self._sums))
        self._used = self._process.own(state["used"], torch.zeros_like(self._used))

    def _parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "critic": self.critic,
            "ema": self.ema,
            "critic_updates": self._critic_updates,
            "generator_updates": self._generator_updates,
            "data": self._data,
        }
