"""What the figures are drawn from."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from fastsim.bundles.described import Described
from fastsim.bundles.fold_spectra import FoldSpectra
from fastsim.bundles.primaries import mass_number
from fastsim.bundles.weighting import flux_weights

_SYMBOLS = {1: "p", 4: "He", 14: "N", 27: "Al", 56: "Fe"}


@dataclass(frozen=True)
class FigureData:
    """Test bundles, generated ones for the same primaries, and what other stages measured.

    Attributes:
        real, generated: the test events and the generated ones, row by row of the same primary.
        spectral_index: gamma of the simulated spectrum, for the weights to a flux.
        summary: ``dataset/summary.json``.
        metrics: ``validation/metrics.json``.
        history_multiplicity, history_model: ``history.csv`` of the two trainings.
        event_displays: pairs of bundles to show.
        members: the generated events of the other trainings of an ensemble, in the same rows.
        folds: spectra of N by the multiplicity model's folds, of the same rows; None of a single
            model of all showers.
    """

    real: Described
    generated: Described
    spectral_index: float
    summary: dict[str, Any]
    metrics: dict[str, Any]
    history_multiplicity: pd.DataFrame
    history_model: pd.DataFrame
    event_displays: int
    members: tuple[Described, ...] = ()
    folds: FoldSpectra | None = None

    @cached_property
    def weighted(self) -> "FigureData":
        """The same with all events weighted to the Gaisser H4a flux."""
        energy, mass = self.real.events.primaries[:, 0], self.real.events.primaries[:, 1]
        weights = flux_weights(energy, mass, self.spectral_index)
        return replace(
            self,
            real=self.real.weighted(weights),
            generated=self.generated.weighted(weights),
            members=tuple(member.weighted(weights) for member in self.members),
        )

    def select(self, rows: np.ndarray) -> "FigureData":
        """Return the same of the events at ``rows`` (a boolean mask or indices)."""
        return replace(
            self,
            real=self.real.select(rows),
            generated=self.generated.select(rows),
            members=tuple(member.select(rows) for member in self.members),
            folds=None if self.folds is None else self.folds.select(rows),
        )

    @cached_property
    def mass_numbers(self) -> np.ndarray:
        """Mass number of every primary, int64 (events,)."""
        return mass_number(self.real.events.primaries[:, 1])


def nucleus_symbol(nucleons: int) -> str:
    """Return ``Fe`` for 56, and ``A = 40`` for a nucleus without a name here."""
    return _SYMBOLS.get(nucleons, f"A = {nucleons}")
