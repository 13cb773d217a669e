"""``train_gan.py`` with a mistake in the code of rank 1; started by torchrun."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow/scripts"))

import train_gan
from fastsim.bundles.gan_training import GanTraining


def fail(self, step, guard):
    """Take the place of a step."""
    raise ZeroDivisionError("a mistake in the code of rank 1")


if __name__ == "__main__":
    if os.environ["RANK"] == "1":
        GanTraining.step = fail
    train_gan.main()
