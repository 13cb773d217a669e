"""A training on Weights & Biases, for those who installed ``requirements-wandb.txt``."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from fastsim.errors import InputError
from fastsim.tracking.display import Histogram, Plain


@dataclass(frozen=True)
class WandbSettings:
    """Which project shows the run; all else is up to the package's own ``WANDB_*`` variables."""

    project: str


def import_wandb() -> ModuleType:
    """Import the package only when it is asked for; :class:`InputError` when it is missing."""
    try:
        import wandb
    except ImportError as error:
        raise InputError(
            f"wandb: the package cannot be imported ({error}); "
            "pip install -r requirements-wandb.txt"
        ) from None
    return wandb


class WandbRun:
    """One run of a project; a :class:`~fastsim.tracking.display.Display`.

    A run has the same id whenever it is opened for the same folder and run name. A resumed one
    passes over the steps that Weights & Biases has from the attempt before, since it repeats them
    exactly; one that is not resumed takes the place of what the id stood for.

    Args:
        settings: the project.
        folder: the run folder, whose name (the stage's) groups the runs of a project; the
            package's files go to ``folder/wandb``.
        run_name: name of the run.
        resumed: whether the run goes on.

    Raises:
        InputError: the package is missing, or its server cannot be reached or refuses.
    """

    def __init__(
        self, settings: WandbSettings, folder: Path, run_name: str, *, resumed: bool
    ) -> None:
        self._wandb = import_wandb()
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        # two folders may hold runs of one name
        place = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        try:
            self._run = self._wandb.init(
                project=settings.project,
                group=folder.name,
                name=f"{folder.name}/{run_name}",
                id=f"{folder.name}-{run_name}-{place}",
                resume="allow" if resumed else None,
                dir=str(folder),
                # the stage's own output belongs to its log
                settings=self._wandb.Settings(console="off", quiet=True),
            )
        except self._wandb.errors.Error as error:
            reason = " ".join(str(error).split())
            raise InputError(f"wandb: project {settings.project}: {reason}") from None
        self._first = self._run.step

    def _log(self, step: int, values: Mapping[str, object]) -> None:
        if step >= self._first:
            self._run.log(dict(values), step=step)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        self._log(step, values)

    def histogram(self, step: int, name: str, histogram: Histogram) -> None:
        """Add a distribution."""
        bins = (histogram["counts"], histogram["edges"])
        self._log(step, {name: self._wandb.Histogram(np_histogram=bins)})

    def figure(self, step: int, name: str, image: np.ndarray) -> None:
        """Add an image, uint8 (H, W, 3)."""
        self._log(step, {name: self._wandb.Image(image)})

    def hyperparameters(
        self, step: int, config: Mapping[str, Plain], metrics: Mapping[str, float]
    ) -> None:
        """Show ``config`` and ``metrics`` in the run's overview and in the table of runs."""
        self._run.config.update(dict(config))
        self._run.summary.update(dict(metrics))

    def close(self) -> None:
        """Upload what is left, or leave it in ``folder/wandb`` when offline."""
        self._run.finish()
