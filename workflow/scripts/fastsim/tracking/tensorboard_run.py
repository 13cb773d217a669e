"""A training in TensorBoard: curves, histograms, figures and its row in the HParams tab."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from fastsim.tracking.display import Histogram, Plain

FLUSH_SECONDS = 10


class TensorBoardRun:
    """The event file of one run; a :class:`~fastsim.tracking.display.Display`.

    Args:
        folder: folder of this run alone; what it held is removed.
    """

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = SummaryWriter(str(folder), flush_secs=FLUSH_SECONDS)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def histogram(self, step: int, name: str, histogram: Histogram) -> None:
        """Add a distribution."""
        self._writer.add_histogram_raw(
            name,
            min=histogram["min"],
            max=histogram["max"],
            num=sum(histogram["counts"]),
            sum=histogram["sum"],
            sum_squares=histogram["sum_squares"],
            bucket_limits=histogram["edges"][1:],
            bucket_counts=histogram["counts"],
            global_step=step,
        )

    def figure(self, step: int, name: str, image: np.ndarray) -> None:
        """Add an image, uint8 (H, W, 3)."""
        self._writer.add_image(name, image, step, dataformats="HWC")

    def hyperparameters(
        self, step: int, config: Mapping[str, Plain], metrics: Mapping[str, float]
    ) -> None:
        """Make this run a row of the HParams tab, with ``metrics`` as curves of one point.

        ``SummaryWriter.add_hparams`` would put them into a run of their own, show booleans as
        numbers and fix the tab's columns, so that a logdir of several stages would show those of
        the first alone. With no columns fixed TensorBoard takes those of all runs.
        """
        self.scalars(step, metrics)
        _, _, end = hparams({}, {})
        # runs of one trial are averaged; without a name every run is its own
        start = hparams_pb(dict(config), trial_id="")
        for summary in (start, end):
            self._writer.file_writer.add_summary(summary)

    def close(self) -> None:
        """Write what is buffered and close the file."""
        self._writer.close()
