"""What the models of bundles share when they generate: events in batches, muons with numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from fastsim.data.batches import runs
from fastsim.data.counter_random import uniforms
from fastsim.data.ragged import offsets_of

COUNT_STREAM = 2
"""Stream of the random numbers that draw the numbers of muons; models take others."""


def count_uniforms(event_id: np.ndarray, seed: int) -> np.ndarray:
    """Return uniform numbers, float64 (events,), from which numbers of muons are drawn."""
    return uniforms(seed, event_id, 1, stream=COUNT_STREAM)[:, 0]


@dataclass(frozen=True)
class GenerationBatch:
    """Events with muons, whose random numbers are functions of seed, event and muon number.

    Attributes:
        conditions, counts: float64 (events, 4) and int64 (events,), on the device that computes.
        event_id: uint64 (events,).
        muon_event_id, muon_number: uint64 and int64 (muons,), the event of each muon and its place
            in it, from 0.
    """

    conditions: torch.Tensor
    counts: torch.Tensor
    event_id: np.ndarray
    muon_event_id: np.ndarray
    muon_number: np.ndarray


def generate_in_batches(
    draw: Callable[[GenerationBatch], np.ndarray],
    conditions: np.ndarray,
    counts: np.ndarray,
    event_id: np.ndarray,
    device: torch.device,
    batch_events: int,
    max_muons: int,
) -> np.ndarray:
    """Return the muons of all events, float64 (muons, 3), event after event.

    Args:
        draw: the muons of a batch, (muons, 3).
        conditions: float (events, 4), normalised.
        counts: int (events,), muons of each event; may be 0.
        event_id: uint64 (events,).
        device: that is to compute.
        batch_events, max_muons: most events and muons at a time; one larger event is a batch.
    """
    filled = counts > 0
    conditions, counts, event_id = conditions[filled], counts[filled], event_id[filled]
    muons = [np.empty((0, 3))]
    for run in runs(counts, batch_events, max_muons):
        offsets = offsets_of(counts[run])
        batch = GenerationBatch(
            torch.from_numpy(conditions[run].astype(np.float64)).to(device),
            torch.from_numpy(counts[run].astype(np.int64)).to(device),
            event_id[run],
            np.repeat(event_id[run], counts[run]),
            np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts[run]),
        )
        muons.append(draw(batch))
    return np.concatenate(muons)
