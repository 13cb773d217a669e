"""A trained model of either kind, ready to generate."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fastsim.bundles import flow_generation, generation
from fastsim.bundles.bundle_validation import Generate
from fastsim.bundles.model_runs import read_model_run

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
