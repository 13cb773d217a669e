"""Training of the multiplicity model by likelihood."""

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.bundles.representation import Normalization
from fastsim.data.shards import Shard
from fastsim.engine.early_stopping import EarlyStopping
from fastsim.engine.ema import Ema
from fastsim.engine.logbook import Logbook
from fastsim.engine.schedule import set_learning_rate
from fastsim.errors import InputError
from fastsim.progress import Progress
from fastsim.stats.calibration import crps, expected_value, randomized_pit, uniform_ks

WARM_UP_STEPS = 50
GRADIENT_CLIP = 5.0
AVERAGE_DECAY = 0.99
EVALUATION_BATCH = 65_536
# probability beyond the last count of a sum over counts
NEGLIGIBLE = 1e-6


def train_multiplicity(
    config: TrainMultiplicityConfig,
    normalization: Normalization,
    train: Shard,
    validation: Shard,
    logbook: Logbook,
) -> MultiplicityModel:
    """Return the model of the epoch with the best validation NLL; deterministic for a seed.

    What is validated and returned is a moving average over the last hundred steps or so, so
    that the choice of the epoch is not one among fluctuations of the last steps.

    Args:
        config: the stage's settings.
        normalization: that of the events.
        train, validation: normalised events; at least one each.
        logbook: takes ``train/loss``, ``validation/nll`` and ``learning_rate`` of every epoch.

    Raises:
        InputError: the training diverged.
    """
    torch.manual_seed(config.seed)
    model = MultiplicityModel(
        normalization.primaries["log10_energy_pev"].std,
        normalization.primaries["log10_mass"].std,
        config.components,
        config.width,
    )
    model.start_from(float(train.counts.mean()))
    average = Ema(model, AVERAGE_DECAY)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    conditions, counts = _tensors(train)
    order = torch.Generator().manual_seed(config.seed)
    steps = config.epochs * math.ceil(len(counts) / config.batch_events)
    step = 0
    best, best_weights = EarlyStopping(config.patience), {}
    with Progress(config.epochs, "train_multiplicity", "epochs") as progress:
        for epoch in range(1, config.epochs + 1):
            total = 0.0
            for rows in torch.randperm(len(counts), generator=order).split(config.batch_events):
                rate = config.learning_rate * _schedule(step, steps)
                set_learning_rate(optimizer, rate)
                loss = -model(conditions[rows], counts[rows]).mean()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_CLIP)
                optimizer.step()
                average.update()
                step += 1
                total += loss.item() * len(rows)
            nll = negative_log_likelihood(average.model, validation)
            logbook.scalars(
                epoch,
                {
                    "train/loss": total / len(counts),
                    "validation/nll": nll,
                    "learning_rate": rate,
                },
            )
            progress.advance(note=f"validation NLL {nll:.4f}")
            if best.update(epoch, nll):
                best_weights = copy.deepcopy(average.model.state_dict())
            if best.should_stop:
                break
    if not best_weights:
        raise InputError(
            f"learning_rate = {config.learning_rate}: the training diverged (validation NLL "
            f"{nll}); a smaller one is needed"
        )
    model.load_state_dict(best_weights)
    return model.eval()


def _schedule(step: int, steps: int) -> float:
    """Short linear warm-up, then a cosine down to 0."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1.0 + math.cos(math.pi * step / steps))


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
