"""The recipes of the container are made of the project's own pins."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RECIPES = [ROOT / "containers" / name for name in ("Dockerfile", "cr-muons.def")]


def pip_commands(recipe: Path) -> list[str]:
    """Return the recipe's calls of pip, each in one line."""
    lines = recipe.read_text().replace("\\\n", " ").splitlines()
    return [" ".join(line.split()).removeprefix("RUN ") for line in lines if "pip install" in line]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_python_is_that_of_the_conda_environment(recipe):
    environment = yaml.safe_load((ROOT / "workflow/envs/environment.yaml").read_text())
    python = re.search(r"^from:? python:([\d.]+)-", recipe.read_text(), re.I | re.M)
    assert f"python={python[1]}" in environment["dependencies"]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_every_version_is_that_of_the_requirements(recipe):
    assert pip_commands(recipe) == ["pip install --no-cache-dir -r /opt/cr-muons/requirements.txt"]
