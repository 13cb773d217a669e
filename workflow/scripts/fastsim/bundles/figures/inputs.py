"""What the figures are drawn from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from fastsim.bundles.described import Described
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

    @cached_property
    def weighted(self) -> tuple[Described, Described]:
        """Real and generated events with weights to the Gaisser H4a flux."""
        energy, mass = self.real.events.primaries[:, 0], self.real.events.primaries[:, 1]
        weights = flux_weights(energy, mass, self.spectral_index)
        return (
            Described(self.real.events, weights),
            Described(self.generated.events, weights),
        )

    @cached_property
    def mass_numbers(self) -> np.ndarray:
        """Mass number of every primary, int64 (events,)."""
        return mass_number(self.real.events.primaries[:, 1])


def nucleus_symbol(nucleons: int) -> str:
    """Return ``Fe`` for 56, and ``A = 40`` for a nucleus without a name here."""
    return _SYMBOLS.get(nucleons, f"A = {nucleons}")
