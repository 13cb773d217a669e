"""Training of the multiplicity model by likelihood."""

import copy
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.bundles.primaries import ATOMIC_MASS_UNIT
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.batches import share
from fastsim.data.event_batches import EventBatches
from fastsim.data.shards import Shard, iter_shards
from fastsim.data.splitting import hash_columns
from fastsim.engine.distributed import Process
from fastsim.engine.ema import Ema
from fastsim.engine.guards import NonFinite
from fastsim.engine.loop import Evaluation
from fastsim.engine.optimization import Optimization
from fastsim.errors import InputError
from fastsim.stats.calibration import crps, expected_value, randomized_pit, uniform_ks

EVALUATION_BATCH = 65_536
# probability beyond the last count of a sum over counts
NEGLIGIBLE = 1e-6


class MultiplicityTraining:
    """The model, its average over the last steps, and its updates over a stream of batches.

    What is validated and kept is the average, which does not follow the fluctuations of the last
    steps. It is a :class:`~fastsim.engine.loop.Task`; deterministic for a seed.

    Args:
        config: the stage's settings.
        normalization: that of the events.
        data: training events as :func:`with_count` prepares them, with the folds of ``config``.
        validation: normalised events; at least one.
        process: this process.
    """

    def __init__(
        self,
        config: TrainMultiplicityConfig,
        normalization: Normalization,
        data: EventBatches,
        validation: Shard,
        process: Process,
    ) -> None:
        self._config, self._data, self._process = config, data, process
        self._validation = validation
        torch.manual_seed(config.seed)
        log10_mass = normalization.primaries["log10_mass"]
        self.model = MultiplicityModel(
            normalization.primaries["log10_energy_pev"].std,
            log10_mass.std,
            log10_mass.forward(math.log10(1.5 * ATOMIC_MASS_UNIT)),
            config.components,
            config.width,
            config.folds,
        )
        self.model.start_from(float(validation.counts.mean()))
        self.model.to(process.device)
        self._average = Ema(self.model, config.ema_decay)
        self._updates = Optimization(
            self.model, config, config.learning_rate, config, self.steps, process.world_size
        )
        self._loss = process.replicate(self.model)
        self._sums = torch.zeros(2, dtype=torch.float64, device=process.device)
        self._events = torch.zeros((), dtype=torch.float64)

    @property
    def steps_per_epoch(self) -> int:
        """Updates from one evaluation to the next."""
        events = self._config.batch_events * self._config.accumulate
        return math.ceil(self._data.events / events)

    @property
    def steps(self) -> int:
        """Updates in all."""
        return self._config.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> int:
        """Number of the epoch that the next batch is of."""
        return self._data.epoch

    def step(self, step: int, guard: NonFinite) -> None:
        """Make one update by the likelihood of a batch."""
        where = f"step {step}, batches from event {self._data.position} of epoch {self.epoch}"
        for _ in range(self._config.accumulate):
            batch = self._data.next()
            part = share(np.ones(len(batch.counts)), self._process.rank, self._process.world_size)
            columns, _, _ = batch.gather(part)
            conditions, counts, folds = columns[:, :-2], columns[:, -2], columns[:, -1]
            left_out = folds.long() if self._config.folds > 1 else None
            loss = -self._loss(conditions, counts, left_out).sum()
            self._updates.add(loss / len(batch.counts))
            self._sums += torch.stack([loss.detach(), loss.new_tensor(len(columns))])
            self._events += len(columns)
        guard.add(where, self._updates.update())
        self._average.update()

    def scalars(self) -> dict[str, float]:
        """Return the mean loss over the events since the last call."""
        loss, events = self._process.sum(self._sums).tolist()
        self._sums.zero_()
        return {
            "train/loss": loss / events,
            "learning_rate": self._updates.learning_rate,
            "gradient_norm": float(self._updates.gradient_norm),
        }

    def evaluate(self, step: int) -> Evaluation:
        """Return the NLL of the validation events."""
        model = copy.deepcopy(self._average.model).cpu()
        nll = negative_log_likelihood(model, self._validation)
        return Evaluation(nll, {"validation/nll": nll})

    def evaluated(self, score: float) -> None:
        """Let the course of the learning rate know the score."""
        self._updates.evaluated(score)

    def weights(self) -> dict[str, Tensor]:
        """Return those of the averaged model."""
        return self._average.model.state_dict()

    def usage(self) -> dict[str, float]:
        """Return events of all processes, and this one's seconds of waiting for them."""
        events = self._process.sum(self._events.to(self._process.device))
        return {"events": events.item(), "waiting_seconds": self._data.waited}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        own = {"sums": self._sums, "events": self._events}
        return parts | {name: self._process.gather(values) for name, values in own.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self._sums = self._process.own(state["sums"], torch.zeros_like(self._sums))
        self._events = self._process.own(state["events"], torch.zeros_like(self._events))

    def _parts(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "average": self._average,
            "updates": self._updates,
            "data": self._data,
        }


def with_count(shard: Shard, folds: int = 1, seed: int = 0) -> Shard:
    """Return events without points, with two more conditions: their count and their fold.

    Counts are exact up to 2^24 muons. A shower is in one fold with all its depths.

    Args:
        shard: normalised events.
        folds: how many there are.
        seed: another seed, another assignment.
    """
    # rows of one shower differ in depth, the last condition, only
    primaries = np.ascontiguousarray(shard.conditions[:, :-1], dtype=np.float32)
    words = primaries.view(np.uint32).astype(np.uint64)
    fold = hash_columns(np.array([seed], dtype=np.uint64), *words.T) % np.uint64(folds)
    return Shard(
        np.column_stack([shard.conditions, shard.counts, fold]).astype(np.float32),
        np.zeros_like(shard.counts),
        shard.points[:0],
    )


def check_folds(paths: Sequence[Path], folds: int, seed: int) -> None:
    """Read the training shards and refuse folds that are not about equal.

    Raises:
        InputError: a fold has no events, or more than twice its share.
    """
    events = np.zeros(folds, dtype=np.int64)
    for path in paths:
        for shard in iter_shards(path, points_column=POINTS_COLUMN):
            fold = with_count(shard, folds, seed).conditions[:, -1].astype(np.int64)
            events += np.bincount(fold, minlength=folds)
    if events.min() == 0 or events.max() * folds > 2 * events.sum():
        raise InputError(
            f"train_multiplicity.folds: {folds} folds would have {events.min():,} to "
            f"{events.max():,} of {events.sum():,} training events; showers of one energy, mass "
            "and zenith angle go into one fold, and there must be many of others: use 1"
        )


def _tensors(shard: Shard) -> tuple[Tensor, Tensor]:
    return torch.as_tensor(shard.conditions).double(), torch.as_tensor(shard.counts)


def _batches(shard: Shard) -> Iterator[slice]:
    starts = range(0, len(shard), EVALUATION_BATCH)
    return (slice(start, start + EVALUATION_BATCH) for start in starts)


@torch.no_grad()
def negative_log_likelihood(model: MultiplicityModel, shard: Shard) -> float:
    """Return the mean of -log P(N | conditions) over the events of ``shard``."""
    conditions, counts = _tensors(shard)
    total = sum(float(-model(conditions[b], counts[b]).sum()) for b in _batches(shard))
    return total / len(shard)


def validation_metrics(model: MultiplicityModel, shard: Shard, seed: int) -> dict[str, Any]:
    """Return NLL, CRPS, PIT KS, RMSE of log10(N + 1) and relative bias of <N> on ``shard``.

    The RMSE is that of E[log10(N + 1)], the best point prediction, so that it compares with a
    regressor's. The bias is None when the shard has no muons.
    """
    distribution = model.distribution(shard.conditions)
    counts = shard.counts.astype(np.int64)
    upper = distribution.quantile(np.full(len(shard), 1.0 - NEGLIGIBLE))

    def cdf(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        return distribution.select(rows).cdf(np.broadcast_to(values, (len(rows), len(values))))

    pit = randomized_pit(
        distribution.cdf(counts - 1), distribution.cdf(counts), np.random.default_rng(seed)
    )
    residual = expected_value(cdf, _log10_n1, upper) - _log10_n1(counts)
    return {
        "events": len(shard),
        "nll": negative_log_likelihood(model, shard),
        "crps": float(crps(cdf, counts, upper).mean()),
        "pit_ks": uniform_ks(pit),
        "rmse_log10_n1": float(np.sqrt(np.mean(residual**2))),
        "relative_bias_of_mean": (
            float(distribution.mean.sum() / counts.sum() - 1.0) if counts.any() else None
        ),
    }


def _log10_n1(counts: np.ndarray) -> np.ndarray:
    return np.log10(counts + 1.0)
