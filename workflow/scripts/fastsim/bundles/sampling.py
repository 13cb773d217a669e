"""A trained model of either kind, ready to generate."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fastsim.bundles import flow_generation, generation
from fastsim.bundles.batched_generation import count_uniforms
from fastsim.bundles.bundle_validation import Generate
from fastsim.bundles.config.sample import GenerationConfig
from fastsim.bundles.events import Events
from fastsim.bundles.model_runs import read_model_run
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.bundles.representation import Normalization
from fastsim.data.ragged import offsets_of

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


class Sampler:
    """Draws number and muons for blocks of primaries, and tells how fast.

    Attributes:
        muons, seconds: generated so far, and the time that it took.
    """

    def __init__(
        self,
        normalization: Normalization,
        multiplicity: MultiplicityModel,
        generate: Generate,
        config: GenerationConfig,
    ) -> None:
        self._normalization, self._multiplicity = normalization, multiplicity
        self._generate, self._config = generate, config
        self.muons, self.seconds = 0, 0.0

    def __call__(self, real: Events) -> Events:
        """Return the events with other muons; ids and primaries stay."""
        began = time.perf_counter()
        seed = self._config.seed
        conditions = self._normalization.conditions(real.primaries)
        counts = self._multiplicity.quantile(conditions, count_uniforms(real.event_id, seed))
        points = self._generate(conditions, counts, real.event_id, seed, self._config.batch_events)
        muons = self._normalization.denormalize(real.primaries, counts, points)
        self.seconds += time.perf_counter() - began
        self.muons += len(muons)
        ids = real.event_id, real.shower_id
        return Events(*ids, real.primaries, offsets_of(counts), *muons.T)
