"""A trained model of either kind, ready to generate."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fastsim.bundles import flow_generation, generation
from fastsim.bundles.bundle_validation import Generate
from fastsim.bundles.events import Events
from fastsim.bundles.model_runs import read_model_run
from fastsim.bundles.representation import Normalization
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError
from fastsim.fingerprints import hash_of

LOADERS = {
    "gan": (generation.load_generator, generation.generate),
    "flow": (flow_generation.load_flow, flow_generation.generate),
}


def load_network(folder: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Return the network that generates of a run folder, and its ``model`` section.

    Raises:
        InputError: a file is missing, corrupt, of no such model, or does not fit the other.
    """
    name, _ = read_model_run(folder)
    load, _ = LOADERS[name]
    return load(folder)


def load_sampler(folder: str | Path) -> tuple[Generate, dict[str, Any]]:
    """Return what generates muons by the model of a run folder, and its ``model`` section.

    It computes on a GPU if the job sees one; bundles of another device differ by rounding.

    Raises:
        InputError: a file is missing, corrupt, of no such model, or does not fit the other.
    """
    name, _ = read_model_run(folder)
    _, generate = LOADERS[name]
    network, model = load_network(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return partial(generate, network.double().to(device)), model


@dataclass(frozen=True)
class BundleSampler:
    """Makes bundles in physical units.

    Attributes:
        generate: makes normalised muons.
        normalization: what they are normalised with.
    """

    generate: Generate
    normalization: Normalization

    @staticmethod
    def load(folder: str | Path, normalization: Normalization) -> "BundleSampler":
        """Return the sampler of a run folder.

        Raises:
            InputError: as :func:`load_sampler`; it was trained with another normalisation.
        """
        generate, model = load_sampler(folder)
        if model.get("normalization") != hash_of(normalization.model_dump(mode="json")):
            raise InputError(
                f"{folder}: trained with another normalisation than that of the dataset; both must "
                "come from one run"
            )
        return BundleSampler(generate, normalization)

    def __call__(
        self, events: Events, counts: np.ndarray, seed: int, batch_events: int = 8192
    ) -> Events:
        """Return ``events``, their ids and primaries, with new muons.

        Args:
            events: whose muons play no part.
            counts: int (events,), muons of each.
            seed: of the generation.
            batch_events: most events at a time.
        """
        conditions = self.normalization.conditions(events.primaries)
        points = self.generate(conditions, counts, events.event_id, seed, batch_events)
        muons = self.normalization.denormalize(events.primaries, counts, points)
        ids = events.event_id, events.shower_id
        return Events(*ids, events.primaries, offsets_of(counts), *muons.T)
