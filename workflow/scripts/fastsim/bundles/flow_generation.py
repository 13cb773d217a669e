"""Bundles from a trained flow: each a function of seed and event id, however batched."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from fastsim.bundles.batched_generation import GenerationBatch, generate_in_batches
from fastsim.bundles.flow_data import radius_of
from fastsim.bundles.models.flow import BundleFlow
from fastsim.data.counter_random import normals, uniforms
from fastsim.errors import InputError
from fastsim.run_folder import CONFIG, load_weights, read_config

STAGE = "train_flow"
# muons at a time
MAX_MUONS = {"cpu": 20_000, "cuda": 500_000}
# 2 is COUNT_STREAM, of the numbers of muons
_MUON_STREAM, _AZIMUTH_STREAM = 0, 3


def load_flow(folder: str | Path) -> tuple[BundleFlow, dict[str, Any]]:
    """Return the flow of a run folder and the ``model`` section of its ``config.yaml``.

    Raises:
        InputError: a file is missing, corrupt, of another stage, or does not fit the other.
    """
    model = read_config(folder, STAGE)["model"]
    try:
        flow = BundleFlow(**model["flow"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{Path(folder) / CONFIG}: model: no flow ({error})") from None
    load_weights(folder, flow)
    return flow.requires_grad_(False).eval(), model


def generate(
    flow: BundleFlow,
    conditions: np.ndarray,
    counts: np.ndarray,
    event_id: np.ndarray,
    seed: int,
    batch_events: int = 8192,
) -> np.ndarray:
    """Return normalised muons, float64 (muons, 3): energy, x, y, event after event.

    The random numbers of a muon depend on seed, event id and the muon's number within its event
    alone. Everything is in float64, so that batches matter by rounding only, below 1e-12.

    Args:
        flow: in float64 (``flow.double()``), on the device that is to compute.
        conditions: float (events, 4), normalised.
        counts: int (events,), muons of each event; may be 0.
        event_id: uint64 (events,).
        seed: of the generation.
        batch_events: most events at a time.
    """
    device = next(flow.parameters()).device

    def draw(batch: GenerationBatch) -> np.ndarray:
        ids, number = batch.muon_event_id, batch.muon_number
        noise = normals(seed, ids, 2, stream=_MUON_STREAM, index=number)
        points = flow.draw(batch.conditions, batch.counts, torch.from_numpy(noise).to(device))
        energy, score = points.cpu().numpy().T
        turns = uniforms(seed, ids, 1, stream=_AZIMUTH_STREAM, index=number)[:, 0]
        azimuth, radius = 2.0 * np.pi * turns, radius_of(score)
        return np.column_stack([energy, radius * np.cos(azimuth), radius * np.sin(azimuth)])

    return generate_in_batches(
        draw, conditions, counts, event_id, device, batch_events, MAX_MUONS[device.type]
    )
