"""What shows a training while it runs: the interface that the logbook writes to."""

from collections.abc import Mapping
from typing import Protocol, TypedDict

import numpy as np

Plain = bool | int | float | str


class Histogram(TypedDict):
    """``counts`` (B,) between ``edges`` (B + 1,), and moments of the values themselves."""

    counts: list[int]
    edges: list[float]
    min: float
    max: float
    sum: float
    sum_squares: float


class Display(Protocol):
    """One way to show a run; steps do not decrease, names are those of the logbook."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Show figures at ``step``."""

    def histogram(self, step: int, name: str, histogram: Histogram) -> None:
        """Show a distribution at ``step``."""

    def figure(self, step: int, name: str, image: np.ndarray) -> None:
        """Show an image, uint8 (H, W, 3), at ``step``."""

    def hyperparameters(
        self, step: int, config: Mapping[str, Plain], metrics: Mapping[str, float]
    ) -> None:
        """Show what the run was made with and what came of it, after the last ``step``."""

    def close(self) -> None:
        """Write what is left; nothing is shown afterwards."""
