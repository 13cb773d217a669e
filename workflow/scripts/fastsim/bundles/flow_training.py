"""Training of the flow by the likelihood of every muon given the earlier ones of its bundle."""

import copy
from typing import Any

import torch

from fastsim.bundles.config.train_flow import TrainFlowConfig
from fastsim.bundles.flow_data import random_order
from fastsim.bundles.models.flow import BundleFlow, FlowLoss
from fastsim.bundles.models.layers import bundles
from fastsim.data.batches import runs, share
from fastsim.data.event_batches import EventBatches
from fastsim.data.ragged import offsets_of
from fastsim.data.shards import Shard
from fastsim.engine.distributed import Process
from fastsim.engine.ema import Ema
from fastsim.engine.guards import NonFinite
from fastsim.engine.loop import Evaluation
from fastsim.engine.optimization import Optimization
from fastsim.engine.step_random import StepRandom

EVALUATION_MUONS = 20_000


class FlowTraining:
    """The flow, its average over the last steps, and its updates over a stream of batches.

    Every use of a bundle has its muons in another order, a function of seed and step. It is a
    :class:`~fastsim.engine.loop.Task`.

    Args:
        config: the effective section.
        data: training bundles as :func:`~fastsim.bundles.flow_data.scored_bundles` prepares them.
        validation: likewise; at least one. None in other processes than the main one.
        process: this process.
    """

    def __init__(
        self,
        config: TrainFlowConfig,
        data: EventBatches,
        validation: Shard | None,
        process: Process,
    ) -> None:
        self._config, self._data, self._process = config, data, process
        self._validation = validation
        # on the CPU, so that any device starts with the same weights
        torch.manual_seed(config.seed)
        self.flow = BundleFlow(data.widths[0], config.width, config.transforms, config.bins)
        self.flow.to(process.device)
        self._average = Ema(self.flow, config.ema_decay)
        self._random = StepRandom(config.seed, process.device)
        self._updates = Optimization(
            self.flow, config, config.learning_rate, config, config.steps, process.world_size
        )
        self._loss = process.replicate(FlowLoss(self.flow))
        # loss and muons
        self._sums = torch.zeros(2, dtype=torch.float64, device=process.device)
        # events and muons
        self._used = torch.zeros(2, dtype=torch.float64)

    @property
    def epoch(self) -> int:
        """Number of the epoch that the next batch is of."""
        return self._data.epoch

    def step(self, step: int, guard: NonFinite) -> None:
        """Make one update by the likelihood of a batch."""
        where = f"step {step}, batches from event {self._data.position} of epoch {self.epoch}"
        for number in range(self._config.accumulate):
            batch = self._data.next()
            part = share(batch.counts, self._process.rank, self._process.world_size)
            conditions, counts, points = batch.gather(part)
            known = bundles(conditions, counts, len(points))
            # drawn for the joint batch, so that the number of processes changes nothing
            offsets = offsets_of(batch.counts)
            uniform = self._uniform(int(offsets[-1]), step, number)
            uniform = uniform[int(offsets[part.start]) : int(offsets[part.stop])]
            loss = self._loss(points[random_order(known.event, uniform)], known)
            # the joint batch's muons: shares of several processes add up to its mean
            self._updates.add(loss / int(offsets[-1]))
            self._sums += torch.stack([loss.detach(), loss.new_tensor(len(points))])
            self._used += torch.tensor([len(counts), len(points)])
        guard.add(where, self._updates.update())
        self._average.update()

    def _uniform(self, muons: int, *label: int) -> torch.Tensor:
        random = self._random.of(*label)
        return torch.rand(muons, generator=random, device=random.device, dtype=torch.float64)

    def scalars(self) -> dict[str, float]:
        """Return the mean loss over the muons since the last call."""
        loss, muons = self._process.sum(self._sums).tolist()
        self._sums.zero_()
        return {
            "train/loss": loss / muons,
            "learning_rate": self._updates.learning_rate,
            "gradient_norm": float(self._updates.gradient_norm),
        }

    def evaluate(self, step: int) -> Evaluation:
        """Return the NLL of the validation bundles, their muons in the same order each time."""
        nll = self._validation_nll()
        return Evaluation(nll, {"validation/nll": nll})

    @torch.no_grad()
    def _validation_nll(self) -> float:
        shard, device, total = self._validation, self._process.device, 0.0
        points = torch.as_tensor(shard.points).to(device)
        # no step has the number 0
        uniform = self._uniform(len(points), 0)
        for run in runs(shard.counts, len(shard), EVALUATION_MUONS):
            muons = slice(int(shard.offsets[run.start]), int(shard.offsets[run.stop]))
            known = bundles(
                torch.as_tensor(shard.conditions[run]).to(device),
                torch.as_tensor(shard.counts[run]).long().to(device),
                muons.stop - muons.start,
            )
            order = random_order(known.event, uniform[muons])
            total -= float(self._average.model(points[muons][order], known).double().sum())
        return total / len(points)

    def evaluated(self, score: float) -> None:
        """Let the course of the learning rate know the score."""
        self._updates.evaluated(score)

    def weights(self) -> dict[str, torch.Tensor]:
        """Return those of the averaged flow."""
        return copy.copy(self._average.model.state_dict())

    def usage(self) -> dict[str, float]:
        """Return events and muons of all processes, and this one's seconds of waiting for them."""
        events, muons = self._process.sum(self._used.to(self._process.device)).tolist()
        return {"events": events, "muons": muons, "waiting_seconds": self._data.waited}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        own = {"sums": self._sums, "used": self._used}
        return parts | {name: self._process.gather(values) for name, values in own.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self._sums = self._process.own(state["sums"], torch.zeros_like(self._sums))
        self._used = self._process.own(state["used"], torch.zeros_like(self._used))

    def _parts(self) -> dict[str, Any]:
        return {
            "flow": self.flow,
            "average": self._average,
            "updates": self._updates,
            "data": self._data,
        }
