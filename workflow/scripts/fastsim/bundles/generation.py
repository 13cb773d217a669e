"""Bundles from a trained generator: each a function of seed and event id, however batched."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from fastsim.bundles.batched_generation import GenerationBatch, generate_in_batches
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import bundles
from fastsim.data.counter_random import normals
from fastsim.errors import InputError
from fastsim.run_folder import CONFIG, load_weights, read_config

STAGE = "train_gan"
# muons at a time: what a layer reads and writes stays in a core's cache, which doubles the speed
# there; a GPU wants many
MAX_MUONS = {"cpu": 5_000, "cuda": 500_000}
_MUON_STREAM, _EVENT_STREAM = range(2)


def load_generator(folder: str | Path) -> tuple[Generator, dict[str, Any]]:
    """Return the generator of a run folder and the ``model`` section of its ``config.yaml``.

    Raises:
        InputError: a file is missing, corrupt, of another stage, or does not fit the other.
    """
    model = read_config(folder, STAGE)["model"]
    try:
        generator = Generator(**model["generator"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{Path(folder) / CONFIG}: model: no generator ({error})") from None
    load_weights(folder, generator)
    return generator.requires_grad_(False).eval(), model


def generate(
    generator: Generator,
    conditions: np.ndarray,
    counts: np.ndarray,
    event_id: np.ndarray,
    seed: int,
    batch_events: int = 8192,
) -> np.ndarray:
    """Return normalised muons, float64 (muons, 3): energy, x, y, event after event.

    The noise of a muon depends on seed, event id and the muon's number within its event alone,
    and the network is evaluated in float64, so that batches matter by rounding at 1e-15 only.

    Args:
        generator: in float64 (``generator.double()``), on the device that is to compute.
        conditions: float (events, 4), normalised.
        counts: int (events,), muons of each event; may be 0.
        event_id: uint64 (events,).
        seed: of the generation.
        batch_events: most events at a time.
    """
    device = next(generator.parameters()).device

    def draw(batch: GenerationBatch) -> np.ndarray:
        muon_noise = normals(
            seed,
            batch.muon_event_id,
            generator.muon_noise,
            stream=_MUON_STREAM,
            index=batch.muon_number,
        )
        event_noise = normals(seed, batch.event_id, generator.event_noise, stream=_EVENT_STREAM)
        noise = Noise(
            torch.from_numpy(event_noise).to(device), torch.from_numpy(muon_noise).to(device)
        )
        events = bundles(batch.conditions, batch.counts, len(muon_noise))
        with torch.inference_mode():
            return generator(events, noise).cpu().numpy()

    return generate_in_batches(
        draw, conditions, counts, event_id, device, batch_events, MAX_MUONS[device.type]
    )
