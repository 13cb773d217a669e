"""Bundles from a trained generator: each a function of seed and event id, however batched."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import bundles
from fastsim.data.batches import runs
from fastsim.data.counter_random import normals, uniforms
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError
from fastsim.run_folder import CONFIG, load_weights, read_config

STAGE = "train_gan"
# muons at a time: what a layer reads and writes stays in a core's cache, which doubles the speed
# there; a GPU wants many
MAX_MUONS = {"cpu": 5_000, "cuda": 500_000}
_MUON_STREAM, _EVENT_STREAM, _COUNT_STREAM = range(3)


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


def count_uniforms(event_id: np.ndarray, seed: int) -> np.ndarray:
    """Return uniform numbers, float64 (events,), from which numbers of muons are drawn."""
    return uniforms(seed, event_id, 1, stream=_COUNT_STREAM)[:, 0]


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
    filled = counts > 0
    conditions, counts, event_id = conditions[filled], counts[filled], event_id[filled]
    muons = [np.empty((0, 3))]
    device = next(generator.parameters()).device
    for run in runs(counts, batch_events, MAX_MUONS[device.type]):
        offsets = offsets_of(counts[run])
        number = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts[run])
        ids = event_id[run]
        muon_noise = normals(
            seed,
            np.repeat(ids, counts[run]),
            generator.muon_noise,
            stream=_MUON_STREAM,
            index=number,
        )
        event_noise = normals(seed, ids, generator.event_noise, stream=_EVENT_STREAM)
        noise = Noise(
            torch.from_numpy(event_noise).to(device), torch.from_numpy(muon_noise).to(device)
        )
        batch = bundles(
            torch.from_numpy(conditions[run].astype(np.float64)).to(device),
            torch.from_numpy(counts[run].astype(np.int64)).to(device),
            int(offsets[-1]),
        )
        with torch.inference_mode():
            muons.append(generator(batch, noise).cpu().numpy())
    return np.concatenate(muons)
