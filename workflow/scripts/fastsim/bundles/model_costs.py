"""What a model of bundles costs: size, training, generation; and its likelihood, if it has one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from fastsim.bundles.sampling import load_network
from fastsim.files import read_json
from fastsim.run_folder import read_figures


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers of a network are trained."""
    return sum(parameter.numel() for parameter in network.parameters())


def model_costs(folder: Path, timings: Sequence[Path]) -> dict[str, Any]:
    """Return what ``metrics.json`` says of the model of a run folder under ``costs``.

    ``parameters`` of the network that generates, ``training_seconds`` (of the steps alone),
    ``muons_per_second`` of generation without reading and writing, and ``validation_nll`` per muon
    (None of a model that has no likelihood).

    Args:
        folder: of the training.
        timings: what ``sample`` wrote beside each shard; at least one.

    Raises:
        InputError: a file is missing or corrupt, or lacks a figure.
    """
    network, _ = load_network(folder)
    shards = [read_figures(path, ("muons", "seconds")) for path in timings]
    return {
        "parameters": count_parameters(network),
        "training_seconds": read_figures(folder / "timing.json", ("seconds",))["seconds"],
        "muons_per_second": sum(s["muons"] for s in shards) / sum(s["seconds"] for s in shards),
        "validation_nll": read_json(folder / "metrics.json").get("validation_nll"),
    }
