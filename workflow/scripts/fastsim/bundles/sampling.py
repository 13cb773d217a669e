"""A trained model of either kind, ready to generate."""

from functools import partial
from pathlib import Path
from typing import Any

import torch

from fastsim.bundles import flow_generation, generation
from fastsim.bundles.bundle_validation import Generate
from fastsim.bundles.model_runs import read_model_run

LOADERS = {
    "gan": (generation.load_generator, generation.generate),
    "flow": (flow_generation.load_flow, flow_generation.generate),
}


def load_sampler(folder: str | Path) -> tuple[Generate, dict[str, Any]]:
    """Return what generates muons by the model of a run folder, and its ``model`` section.

    It computes on a GPU if the job sees one; bundles of another device differ by rounding.

    Raises:
        InputError: a file is missing, corrupt, of no such model, or does not fit the other.
    """
    name, _ = read_model_run(folder)
    load, generate = LOADERS[name]
    network, model = load(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return partial(generate, network.double().to(device)), model
