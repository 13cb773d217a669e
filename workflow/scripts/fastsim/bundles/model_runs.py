"""The models that bundles can be generated with, told apart by their run folders."""

from pathlib import Path
from typing import Any

from fastsim.bundles.config.models import BundleModel
from fastsim.run_folder import read_config

MODELS: dict[str, BundleModel] = {"train_gan": "gan", "train_flow": "flow"}
"""Stage that trains it to the name of a model, which is also that of its run folder."""
TITLES: dict[BundleModel, str] = {"gan": "WGAN-GP", "flow": "Neural spline flow"}


def read_model_run(folder: str | Path) -> tuple[BundleModel, dict[str, Any]]:
    """Return the name of a run folder's model and the content of its ``config.yaml``.

    Raises:
        InputError: it is missing, no YAML, or of no such model.
    """
    content = read_config(folder, *MODELS)
    return MODELS[content["stage"]], content
