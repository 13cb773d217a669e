"""A small network on raw muons that tries to tell generated from real bundles.

Deep sets (M. Zaheer et al., arXiv:1703.06114): one network on each muon, sums over the bundle, one
network on the sums. It sees correlations that no list of event features names.
"""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from torch import nn

from fastsim.bundles.events import Events
from fastsim.bundles.observables import (
    CONDITION,
    MIN_RADIUS,
    event_observables,
    muon_observables,
)
from fastsim.data.ragged import gather_indices
from fastsim.stats.two_sample import halves_by_group

WIDTH = 64
BATCH_EVENTS = 256
EPOCHS = 6
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-3


class DeepSets(nn.Module):
    """Bundles to logits, invariant under permutation of their muons."""

    def __init__(self, muon_features: int, event_features: int) -> None:
        super().__init__()
        self.muon_in = nn.Linear(muon_features, WIDTH)
        self.event_in = nn.Linear(event_features, WIDTH)
        self.muon_out = nn.Sequential(nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.event_out = nn.Sequential(
            nn.Linear(2 * WIDTH + event_features, WIDTH), nn.SiLU(), nn.Linear(WIDTH, 1)
        )

    def forward(
        self, muons: torch.Tensor, event_of_muon: torch.Tensor, events: torch.Tensor
    ) -> torch.Tensor:
        """Return logits (events,) from muons (M, F), their event numbers (M,) and events (B, G)."""
        hidden = self.muon_out(self.muon_in(muons) + self.event_in(events)[event_of_muon])
        sums = hidden.new_zeros(len(events), WIDTH).index_add(0, event_of_muon, hidden)
        counts = torch.bincount(event_of_muon, minlength=len(events)).clamp(min=1)[:, None]
        pooled = torch.cat([sums / counts, sums / counts.sqrt(), events], dim=1)
        return self.event_out(pooled).squeeze(1)


def set_classifier_auc(real: Events, generated: Events, seed: int) -> float:
    """Return the AUC of :class:`DeepSets` trained on half of the showers, on the other half.

    Args:
        real, generated: bundles of one muon or more, of the same showers or others.
        seed: of the halves, the weights and the order of training.
    """
    events = Events.concatenate([real, generated])
    labels = np.repeat([0.0, 1.0], [len(real), len(generated)]).astype(np.float32)
    muon_features, event_features = _features(events)
    train = halves_by_group(events.shower_id, seed)
    rng = np.random.default_rng(seed)
    # the caller's random state is his
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = DeepSets(muon_features.shape[1], event_features.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    rows = np.flatnonzero(train)
    batches_per_epoch = -(-len(rows) // BATCH_EVENTS)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * batches_per_epoch)

    def logits(batch: np.ndarray) -> torch.Tensor:
        positions, offsets = gather_indices(events.offsets, batch)
        event_of_muon = np.repeat(np.arange(len(batch)), np.diff(offsets))
        return model(
            torch.from_numpy(muon_features[positions]),
            torch.from_numpy(event_of_muon),
            torch.from_numpy(event_features[batch]),
        )

    # small operations: on busy cores a second thread costs more than it brings
    with threadpool_limits(1, user_api="openmp"):
        for _ in range(EPOCHS):
            for batch in np.array_split(rng.permutation(rows), batches_per_epoch):
                target = torch.from_numpy(labels[batch])
                loss = nn.functional.binary_cross_entropy_with_logits(logits(batch), target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()

        rows = np.flatnonzero(~train)
        with torch.no_grad():
            batches = np.array_split(rows, max(len(rows) // BATCH_EVENTS, 1))
            scores = np.concatenate([logits(batch).numpy() for batch in batches])
    return float(roc_auc_score(labels[rows], scores))


def _features(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised muon features (M, 4) and event features (events, 5), float32."""
    muons = muon_observables(events)
    # above zero also where most muons lie on the axis
    radius_scale = max(np.median(muons["radius"]), MIN_RADIUS)
    # compressed positions: direction is kept, and a far muon does not dwarf all others
    shrink = 1.0 / (radius_scale + muons["radius"].to_numpy())
    per_muon = np.column_stack(
        [
            _standardised(muons[["log10_energy", "log10_radius"]].to_numpy()),
            events.muons[:, 1:] * shrink[:, None],
        ]
    )
    per_event = event_observables(events)[[*CONDITION, "log10_n1"]].to_numpy()
    return per_muon.astype(np.float32), _standardised(per_event).astype(np.float32)


def _standardised(columns: np.ndarray) -> np.ndarray:
    width = columns.std(axis=0)
    return (columns - columns.mean(axis=0)) / np.where(width > 0, width, 1.0)
