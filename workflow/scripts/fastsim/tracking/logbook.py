"""Scalars, histograms and figures of a training, for those who watch and for ``history.csv``."""

import csv
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fastsim.errors import InputError
from fastsim.files import atomic_path
from fastsim.tracking.display import Display, Histogram, Plain
from fastsim.tracking.tensorboard_run import TensorBoardRun
from fastsim.tracking.wandb_run import WandbRun, WandbSettings, import_wandb

BINS = 64
# figures of one name that a state keeps: as many as TensorBoard shows
FIGURES_KEPT = 10


def default_run_name() -> str:
    """Return the time in UTC as a name that folders may have, ``2026-11-21T16-05-09Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")


class Logbook:
    """Collects the figures of a training in memory and shows them in several forms.

    ``folder/tensorboard/<run name>`` and, if wanted, Weights & Biases follow live;
    ``folder/history.csv`` has one row per logged step, one column per scalar in the order of first
    appearance, empty where a scalar was not logged at that step. Everything logged is part of
    :meth:`state_dict`, and all forms are rewritten from it on :meth:`load_state_dict`, so that a
    resumed training leaves the files of an undisturbed one (wall times apart, and of each figure
    the newest :data:`FIGURES_KEPT`).

    Args:
        folder: the run folder; TensorBoard files of an earlier run of this name are replaced,
            those of other runs stay.
        run_name: what TensorBoard calls the run, :func:`default_run_name` unless the user says
            otherwise. A resumed training keeps the name it began with.
        wandb: the project on Weights & Biases, or None.

    Raises:
        InputError: ``run_name`` is no name for a folder, or the package ``wandb`` is missing.
    """

    def __init__(
        self, folder: str | Path, *, run_name: str, wandb: WandbSettings | None = None
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", run_name):
            raise InputError(
                f"run name {run_name!r}: up to 64 letters, digits, '.', '_' and '-' are "
                "allowed, the first a letter or digit"
            )
        if wandb is not None:
            import_wandb()
        self.folder = Path(folder)
        self.run_name = run_name
        self._wandb = wandb
        self._rows: list[dict[str, float]] = []
        self._histograms: list[dict[str, Any]] = []
        self._figures: list[dict[str, Any]] = []
        self._resumed = False
        # opened by what is shown first: only then is it known whether a state brings its own name
        self._open: list[Display] | None = None

    def _show(self, show: Callable[[Display], None]) -> None:
        """Let every display show something; one that cannot write any more is given up."""
        if self._open is None:
            self._open = [TensorBoardRun(self._tensorboard)]
            if self._wandb is not None:
                self._open.append(
                    WandbRun(self._wandb, self.folder, self.run_name, resumed=self._resumed)
                )
        for display in tuple(self._open):
            try:
                show(display)
            except OSError as error:
                self._open.remove(display)
                print(
                    f"warning: {self.folder}: {type(display).__name__} ends here "
                    f"({error.strerror or error}); the training goes on",
                    file=sys.stderr,
                )

    @property
    def _tensorboard(self) -> Path:
        return self.folder / "tensorboard" / self.run_name

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log ``values`` at ``step``; several calls at one step make one row of the history.

        Steps must not decrease from call to call. Names may have a ``group/name`` form, which
        TensorBoard shows as sections.
        """
        if not self._rows or self._rows[-1]["step"] != step:
            self._rows.append({"step": step})
        row = {name: float(value) for name, value in values.items()}
        self._rows[-1].update(row)
        self._show_scalars({"step": step, **row})

    def at(self, step: int) -> dict[str, float]:
        """Return the scalars logged at ``step``; KeyError when there are none."""
        for row in self._rows:
            if row["step"] == step:
                return dict(row)
        raise KeyError(step)

    def histogram(self, step: int, name: str, values: np.ndarray) -> None:
        """Log the distribution of ``values`` (any shape, finite, not empty) at ``step``."""
        values = np.asarray(values, dtype=np.float64).ravel()
        counts, edges = np.histogram(values, bins=BINS)
        histogram: Histogram = {
            "counts": counts.tolist(),
            "edges": edges.tolist(),
            "min": float(values.min()),
            "max": float(values.max()),
            "sum": float(values.sum()),
            "sum_squares": float(np.square(values).sum()),
        }
        record = {"step": step, "name": name, "histogram": histogram}
        self._histograms.append(record)
        self._show_histogram(record)

    def figure(self, step: int, name: str, png: bytes) -> None:
        """Log a figure, the content of a PNG file, at ``step``."""
        record = {"step": step, "name": name, "png": png}
        self._show_figure(record)
        same = [other for other in self._figures if other["name"] == name]
        dropped = same[: -FIGURES_KEPT + 1]
        self._figures = [other for other in self._figures if other not in dropped]
        self._figures.append(record)

    def hyperparameters(self, config: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
        """Show the config and the final metrics side by side with those of other runs.

        To be called once, after the last step. Nested keys are joined by dots and None and lists
        become text; metrics appear as ``final/<name>``, those that are no numbers are left out.
        """
        numbers = {
            f"final/{name}": float(value)
            for name, value in _flat(metrics).items()
            if not isinstance(value, str)
        }
        step = int(self._rows[-1]["step"]) if self._rows else 0
        self._show(lambda display: display.hyperparameters(step, _flat(config), numbers))

    def _show_scalars(self, row: Mapping[str, float]) -> None:
        values = {name: value for name, value in row.items() if name != "step"}
        self._show(lambda display: display.scalars(int(row["step"]), values))

    def _show_histogram(self, record: Mapping[str, Any]) -> None:
        name, histogram = record["name"], record["histogram"]
        self._show(lambda display: display.histogram(record["step"], name, histogram))

    def _show_figure(self, record: Mapping[str, Any]) -> None:
        image = np.asarray(Image.open(BytesIO(record["png"])).convert("RGB"))
        self._show(lambda display: display.figure(record["step"], record["name"], image))

    def write_history(self) -> None:
        """Write ``history.csv`` as of now, atomically."""
        columns = list(dict.fromkeys(name for row in self._rows for name in row)) or ["step"]
        with (
            atomic_path(self.folder / "history.csv") as temporary,
            temporary.open("w", newline="") as file,
        ):
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self._rows)

    def close(self) -> None:
        """Write the history for the last time and close everything that shows it."""
        self.write_history()
        self._close_displays()

    def _close_displays(self) -> None:
        if self._open is not None:
            self._show(lambda display: display.close())
        self._open = None

    def state_dict(self) -> dict[str, Any]:
        """Return the run's name and everything logged, as plain values."""
        return {
            "run_name": self.run_name,
            "rows": [dict(row) for row in self._rows],
            "histograms": [dict(record) for record in self._histograms],
            "figures": [dict(record) for record in self._figures],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Forget what was logged since construction; show what ``state`` has, under its name."""
        if self._open is not None:
            self._close_displays()
            shutil.rmtree(self._tensorboard, ignore_errors=True)
        self.run_name = state["run_name"]
        self._resumed = True
        self._rows = [dict(row) for row in state["rows"]]
        self._histograms = [dict(record) for record in state["histograms"]]
        self._figures = [dict(record) for record in state["figures"]]
        shown = [(record, self._show_scalars) for record in self._rows]
        shown += [(record, self._show_histogram) for record in self._histograms]
        shown += [(record, self._show_figure) for record in self._figures]
        # by step, as they came: Weights & Biases refuses to go back
        for record, show in sorted(shown, key=lambda pair: pair[0]["step"]):
            show(record)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Plain]:
    flat: dict[str, Plain] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            plain = isinstance(value, bool | int | float | str)
            flat[f"{prefix}{name}"] = value if plain else str(value)
    return flat
