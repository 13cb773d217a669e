"""Spectra of N by models that lack one fold of the training showers each, and their error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fastsim.stats.jackknife import jackknife_error
from fastsim.stats.negative_binomial import NegativeBinomialMixture


@dataclass(frozen=True)
class FoldSpectra:
    """Probabilities of N in bins, event by event.

    Attributes:
        probabilities: float32 (folds, events, bins).
    """

    probabilities: np.ndarray

    @classmethod
    def of(cls, folds: Sequence[NegativeBinomialMixture], edges: np.ndarray) -> Self:
        """Return the probabilities of bins with half-integer ``edges`` (bins + 1,) from -0.5 on.

        Args:
            folds: P(N | primary) of every event by each model; two or more.
            edges: of the bins.
        """
        last = np.floor(edges)
        return cls(
            np.array(
                [
                    np.diff(fold.cdf(np.broadcast_to(last, (len(fold.mean), len(last)))), axis=1)
                    for fold in folds
                ],
                dtype=np.float32,
            )
        )

    def __len__(self) -> int:
        """Return the number of folds."""
        return len(self.probabilities)

    def select(self, rows: np.ndarray) -> Self:
        """Return those of the events at ``rows`` (a boolean mask or indices)."""
        return type(self)(self.probabilities[:, rows])

    def errors(self, bins: int, weights: np.ndarray | None = None) -> np.ndarray:
        """Return the jackknife's error, float64 (bins,), of the contents expected of all events.

        It is what the training showers leave open of the first ``bins`` bins.

        Args:
            bins: at most as many as there are.
            weights: of the events, (events,), or None for 1 each.
        """
        if weights is None:
            weights = np.ones(self.probabilities.shape[1])
        return jackknife_error(np.array([weights @ fold[:, :bins] for fold in self.probabilities]))
