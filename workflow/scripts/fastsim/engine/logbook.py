"""Scalars and histograms of a training, for TensorBoard and for ``history.csv``."""

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.tensorboard import SummaryWriter

from fastsim.files import atomic_path

BINS = 64


class Logbook:
    """Collects the figures of a training in memory and shows them in two forms.

    ``folder/tensorboard`` follows live; ``folder/history.csv`` has one row per logged step, one
    column per scalar in the order of first appearance, empty where a scalar was not logged at that
    step. Everything logged is part of :meth:`state_dict`, and both forms are rewritten from it on
    :meth:`load_state_dict`, so that a resumed training leaves the files of an undisturbed one
    (TensorBoard's wall times apart).

    Args:
        folder: the run folder; TensorBoard files of an earlier attempt in it are removed.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._rows: list[dict[str, float]] = []
        self._histograms: list[dict[str, Any]] = []
        self._writer = self._new_writer()

    def _new_writer(self) -> SummaryWriter:
        shutil.rmtree(self.folder / "tensorboard", ignore_errors=True)
        return SummaryWriter(str(self.folder / "tensorboard"))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log ``values`` at ``step``; several calls at one step make one row of the history.

        Steps must not decrease from call to call. Names may have a ``group/name`` form, which
        TensorBoard shows as sections.
        """
        if not self._rows or self._rows[-1]["step"] != step:
            self._rows.append({"step": step})
        row = {name: float(value) for name, value in values.items()}
        self._rows[-1].update(row)
        self._show_scalars(step, row)

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
        record = {
            "tag": name,
            "min": float(values.min()),
            "max": float(values.max()),
            "num": values.size,
            "sum": float(values.sum()),
            "sum_squares": float(np.square(values).sum()),
            "bucket_limits": edges[1:].tolist(),
            "bucket_counts": counts.tolist(),
            "global_step": step,
        }
        self._histograms.append(record)
        self._writer.add_histogram_raw(**record)

    def _show_scalars(self, step: int, row: Mapping[str, float]) -> None:
        for name, value in row.items():
            if name != "step":
                self._writer.add_scalar(name, value, step)

    def write_history(self) -> None:
        """Write ``history.csv`` as of now, atomically, and let TensorBoard see everything."""
        columns = list(dict.fromkeys(name for row in self._rows for name in row)) or ["step"]
        with (
            atomic_path(self.folder / "history.csv") as temporary,
            temporary.open("w", newline="") as file,
        ):
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self._rows)
        self._writer.flush()

    def close(self) -> None:
        """Write the history for the last time and close the TensorBoard files."""
        self.write_history()
        self._writer.close()

    def state_dict(self) -> dict[str, Any]:
        """Return everything logged, as plain lists and dictionaries."""
        return {
            "rows": [dict(row) for row in self._rows],
            "histograms": [dict(record) for record in self._histograms],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Forget what was logged since construction and show what ``state`` has instead."""
        self._writer.close()
        self._rows = [dict(row) for row in state["rows"]]
        self._histograms = [dict(record) for record in state["histograms"]]
        self._writer = self._new_writer()
        for row in self._rows:
            self._show_scalars(int(row["step"]), row)
        for record in self._histograms:
            self._writer.add_histogram_raw(**record)
