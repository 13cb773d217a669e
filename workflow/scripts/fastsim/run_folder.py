"""The files of a trained model: weights, effective config with its origin, and metrics.

A run folder holds ``model.safetensors``, ``config.yaml``, ``metrics.json``, ``history.csv`` and
``tensorboard/``. The weights are the last file a training writes and name nothing by themselves;
``config.yaml`` beside them says how to build the model they belong to.
"""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from fastsim.errors import InputError
from fastsim.files import atomic_path, read_json

WEIGHTS = "model.safetensors"
CONFIG = "config.yaml"
PACKAGES = ("torch", "numpy", "pyarrow", "safetensors")


def write_config(
    folder: str | Path,
    stage: str,
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    packages: Sequence[str] = PACKAGES,
) -> None:
    """Write ``config.yaml``: stage, seed, effective config, how to build the model, and origin.

    Args:
        folder: the run folder; made if needed.
        stage: name of the stage, by which :func:`read_config` recognises the folder.
        config: the effective config section as plain values; its ``seed`` is shown on top.
        model: plain values from which the loader rebuilds the network.
        packages: distributions whose versions are recorded.
    """
    content = {
        "stage": stage,
        "seed": config.get("seed"),
        "config": dict(config),
        "model": dict(model),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in packages},
        "git_commit": git_commit(),
    }
    with atomic_path(Path(folder) / CONFIG) as temporary:
        temporary.write_text(yaml.safe_dump(content, sort_keys=False))


def read_config(folder: str | Path, *stages: str) -> dict[str, Any]:
    """Read ``config.yaml`` of a run of one of ``stages``.

    Raises:
        InputError: it is missing, no YAML, or of another stage.
    """
    path = Path(folder) / CONFIG
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as YAML ({reason})") from None
    needed = " or ".join(stages)
    found = content.get("stage") if isinstance(content, dict) else None
    if found not in stages or not isinstance(content.get("model"), dict):
        raise InputError(f"{path}: stage = {found}; the config of a {needed} run is needed")
    return content


def read_figures(path: Path, names: Sequence[str]) -> dict[str, float]:
    """Return numbers of a ``metrics.json`` or ``timing.json``.

    Raises:
        InputError: the file cannot be read, or lacks one of them.
    """
    content = read_json(path)
    for name in names:
        value = content.get(name) if isinstance(content, Mapping) else None
        if not isinstance(value, int | float):
            raise InputError(f"{path}: {name} = {value}; a number is needed")
    return {name: content[name] for name in names}


def save_weights(folder: str | Path, state: Mapping[str, torch.Tensor]) -> None:
    """Write ``model.safetensors`` atomically; the same tensors give the same bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    with atomic_path(Path(folder) / WEIGHTS) as temporary:
        save_file(tensors, temporary)


def load_weights(folder: str | Path, model: torch.nn.Module) -> None:
    """Load ``model.safetensors`` into ``model``, all tensors and no others.

    Raises:
        InputError: the file is missing, corrupt, or belongs to another network.
    """
    path = Path(folder) / WEIGHTS
    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read as safetensors ({error})") from None
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: does not fit the network of {CONFIG} ({reason})") from None


def git_commit() -> str | None:
    """Return the commit of the source tree, with ``-dirty`` when changed, or None outside git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        result = subprocess.run(
            [*command, "--abbrev=40", "--exclude=*"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()
