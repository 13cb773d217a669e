"""The user's units and conventions: into GeV, radians and metres, and whether they can be true.

A wrong unit moves every row of a file out of what is possible, so each quantity has a range, and a
file of which more than half the rows leave it is refused as a whole with the key to look at.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fastsim.bundles.config.ingest import IngestConfig
from fastsim.bundles.ingest.quality import CODES
from fastsim.bundles.primaries import ATOMIC_MASS_UNIT
from fastsim.errors import InputError

ENERGY_RANGE = (1e2, 1e12)
"""GeV."""
DEPTH_RANGE = (50.0, 20_000.0)
"""m of ice along the track."""
MAX_MASS_NUMBER = 300
PROTON_MASS = 0.938
"""GeV."""

REFUSED_SHARE = 0.5
"""Of a file's rows: more of them outside one quantity's range, and the whole file is refused."""
DEGREES_AT_LEAST = 1.6
"""No zenith angle in radians is above this."""
TELLING_ROWS = 100
"""From so many rows on, angles that are all small say something about their unit."""
USUAL_DISTANCE = 300.0
"""m in x and in y: most muons are far nearer to the axis, at any depth and zenith angle."""

COLUMNS = ("primary energy", "primary mass", "zenith", "depth")
"""The four numbers of a primary, in order; also the reasons for which a row is rejected."""


@dataclass(frozen=True)
class Conventions:
    """What the numbers of a file's primaries mean (the first keys of IngestConfig)."""

    mass: str = "GeV"
    depth_unit: str = "m"
    depth_kind: str = "slant"
    angle: str = "rad"

    @staticmethod
    def of(config: IngestConfig) -> "Conventions":
        """Return the conventions that the user states."""
        return Conventions(config.mass, config.depth_unit, config.depth_kind, config.angle)

    def canonical(self, stated: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the primaries in GeV, GeV, rad and m of slant depth, and which cannot be true.

        Args:
            stated: float64 (rows, 4), energy, mass, zenith and depth as in the file.

        Returns:
            float64 (rows, 4), and bool (rows,) by the reason: out of range; not finite.
        """
        energy, mass, zenith, depth = stated.T
        finite = np.isfinite(stated).all(axis=1)
        with np.errstate(invalid="ignore", over="ignore"):
            mass, is_nucleus = self._mass(mass)
            if self.angle == "degree":
                zenith = np.radians(zenith)
            seen = (zenith >= 0) & (zenith < np.pi / 2)
            if self.depth_unit == "km":
                depth = depth * 1000.0
            if self.depth_kind == "vertical":
                # rows beyond the horizon are rejected for their angle
                depth = depth / np.cos(np.where(seen, zenith, 0.0))
            faults = {
                "not finite": ~finite,
                "primary energy": ~_within(energy, ENERGY_RANGE),
                "primary mass": ~is_nucleus,
                "zenith": ~seen,
                "depth": ~_within(depth, DEPTH_RANGE),
            }
        return np.column_stack([energy, mass, zenith, depth]), faults

    def _mass(self, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mass in GeV and whether it is that of a nucleus."""
        if self.mass == "mass number":
            in_gev = np.where(mass == 1, PROTON_MASS, mass * ATOMIC_MASS_UNIT)
            return in_gev, (mass == np.rint(mass)) & (mass >= 1) & (mass <= MAX_MASS_NUMBER)
        units = mass / ATOMIC_MASS_UNIT
        nucleons = np.rint(units)
        near = np.abs(units - nucleons) <= 0.02 + 0.002 * nucleons
        # iron's mass number is near 60 nucleons in GeV, but no nucleus weighs whole GeV
        near &= mass != np.rint(mass)
        return mass, near & (nucleons >= 1) & (nucleons <= MAX_MASS_NUMBER)


def _within(values: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    return (values >= bounds[0]) & (values <= bounds[1])


class Plausibility:
    """Counts, over a file, rows whose numbers do not fit the stated conventions.

    Args:
        name: the file, for messages.
        conventions: what was stated of it, or None where the file states its units itself.
    """

    def __init__(self, name: str, conventions: Conventions | None) -> None:
        self._name = name
        self._conventions = conventions
        self._rows = 0
        self._outside: Counter[str] = Counter()
        self._example: dict[str, tuple[int, float]] = {}
        self._largest_zenith = 0.0
        self._muons = self._far_muons = 0

    def add(
        self, first_row: int, stated: np.ndarray, codes: np.ndarray, x: np.ndarray, y: np.ndarray
    ) -> None:
        """Count a block of rows.

        Args:
            first_row: number of the block's first row.
            stated: float64 (rows, 4) as in the file.
            codes: why rows are rejected, as of :func:`quality.reason_codes`.
            x, y: the muons' positions, m.
        """
        self._rows += len(stated)
        for column, reason in enumerate(COLUMNS):
            outside = np.flatnonzero(codes == CODES[reason])
            if len(outside):
                self._outside[reason] += len(outside)
                row = outside[0]
                self._example.setdefault(reason, (first_row + row, stated[row, column]))
        zenith = stated[:, 2]
        self._largest_zenith = max(
            self._largest_zenith, float(np.max(zenith, where=np.isfinite(zenith), initial=0.0))
        )
        self._muons += len(x)
        far = (np.abs(x) > USUAL_DISTANCE) | (np.abs(y) > USUAL_DISTANCE)
        self._far_muons += int(np.count_nonzero(far))

    def refuse(self) -> None:
        """Raise :class:`InputError` if most rows break one convention."""
        for column, reason in enumerate(COLUMNS):
            if self._outside[reason] > REFUSED_SHARE * self._rows:
                row, value = self._example[reason]
                raise InputError(
                    f"{self._name}: {reason} {value:.6g} of row {row}, and {self._outside[reason]} "
                    f"of {self._rows} rows like it; {self._allowed(column)}"
                )

    def _allowed(self, column: int) -> str:
        mass, depth = "a nucleus of 1 to 300 nucleons", "50 to 20,000 m along the track"
        allowed = ("1e2 to 1e12 GeV", f"the mass of {mass} in GeV", "0 to < pi/2 rad", depth)
        if self._conventions is None:
            return f"allowed is {allowed[column]}"
        stated = self._conventions
        by_angle = {"rad": "0 to < pi/2 rad", "degree": "0 to < 90 degrees"}[stated.angle]
        return (
            "allowed is 1e2 to 1e12 GeV",
            f"allowed is {mass}; is ingest.mass {stated.mass!r}?",
            f"allowed is {by_angle}; is ingest.angle {stated.angle!r}?",
            f"allowed is {depth}; are ingest.depth_unit {stated.depth_unit!r} and "
            f"ingest.depth_kind {stated.depth_kind!r}?",
        )[column]

    def warnings(self) -> list[str]:
        """Return what looks wrong without being impossible."""
        found = []
        small = 0.0 < self._largest_zenith <= DEGREES_AT_LEAST
        degrees = self._conventions is not None and self._conventions.angle == "degree"
        if degrees and small and self._rows >= TELLING_ROWS:
            found.append(
                f"{self._name}: the largest zenith angle of {self._rows} rows is "
                f"{self._largest_zenith:.4g}; is ingest.angle 'degree'?"
            )
        if 2 * self._far_muons > self._muons and self._rows >= TELLING_ROWS:
            found.append(
                f"{self._name}: {self._far_muons} of {self._muons} muons are more than "
                f"{USUAL_DISTANCE:g} m from the axis; are x and y in m?"
            )
        return found
