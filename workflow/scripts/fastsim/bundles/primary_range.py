"""The primaries that models were trained on: outside, they would have to extrapolate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from fastsim.bundles.events import PRIMARY_COLUMNS
from fastsim.bundles.primaries import mass_number
from fastsim.bundles.representation import seed_conditions
from fastsim.errors import InputError

SLACK = 0.01
"""Of the range of a condition: drawn showers seldom lie on the limits that they were drawn from."""
ROUNDING = 1e-5
"""Of log10 energy, cos zenith and depth in km: what tables of a few digits leave out, where the
training has one value."""


@dataclass(frozen=True)
class PrimaryRange:
    """Least and largest energy [GeV], mass [GeV], zenith [rad] and slant depth [m] of primaries."""

    least: tuple[float, float, float, float]
    most: tuple[float, float, float, float]

    @classmethod
    def of_summary(cls, summary: Mapping[str, Any], name: str) -> Self:
        """Return the range of the training showers of a dataset's summary.

        Args:
            summary: ``dataset/summary.json``.
            name: of the file, for the message.

        Raises:
            InputError: it has no such range.
        """
        try:
            ranges = [summary["train"]["ranges"][column] for column in PRIMARY_COLUMNS]
            least, most = zip(*ranges, strict=True)
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{name}: has no ranges of the training showers; the summary.json of a dataset is "
                "needed"
            ) from None
        return cls(least, most)

    def holds(self, primaries: np.ndarray) -> np.ndarray:
        """Return which ``primaries`` (events, 4) are inside, limits included, bool (events,).

        Of the mass the nucleons count, since tables of masses differ.
        """
        # as the table has them, so that the limits themselves are inside
        values, least, most = (
            _with_nucleons(np.float32(rows)) for rows in (primaries, [self.least], [self.most])
        )
        return ((values >= least) & (values <= most)).all(axis=1)

    def holds_about(self, primaries: np.ndarray) -> np.ndarray:
        """Return what of ``primaries`` (events, 4) is inside or hardly outside, bool (events, 4).

        Hardly is :data:`SLACK` of the range of log10 energy, cos zenith and depth, in which the
        networks see them. Of the mass the nucleons count, since tables of masses differ.
        """
        seen = _conditions(primaries)
        ends = _conditions(np.float32([self.least, self.most]))
        low, high = ends.min(axis=0), ends.max(axis=0)
        slack = np.maximum(SLACK * (high - low), ROUNDING)
        slack[1] = 0.0
        return (seen >= low - slack) & (seen <= high + slack)

    def __str__(self) -> str:
        (energy, mass, zenith, depth), most = self.least, self.most
        lightest, heaviest = mass_number(np.array([mass, most[1]]))
        return (
            f"{energy:.3g} to {most[0]:.3g} GeV, masses of {mass:.4g} to {most[1]:.4g} GeV "
            f"({lightest} to {heaviest} nucleons), zenith {zenith:.2f} to {most[2]:.2f} rad "
            f"({np.degrees(zenith):.0f} to {np.degrees(most[2]):.0f} degrees), {depth:g} to "
            f"{most[3]:g} m of ice"
        )


def _conditions(primaries: np.ndarray) -> np.ndarray:
    """log10(E/PeV), nucleons, cos(zenith), depth/km, float64 (events, 4)."""
    conditions = seed_conditions(primaries)
    conditions[:, 1] = mass_number(primaries[:, 1])
    return conditions


def _with_nucleons(primaries: np.ndarray) -> np.ndarray:
    """Energy, nucleons, zenith, depth, of the type of ``primaries`` (events, 4)."""
    values = primaries.copy()
    values[:, 1] = mass_number(primaries[:, 1])
    return values
