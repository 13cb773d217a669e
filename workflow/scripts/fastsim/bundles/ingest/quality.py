"""What became of the rows: the vocabulary of reasons, the counts per file, one JSON per shard."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fastsim.bundles.events import MUON_MASS
from fastsim.files import write_json

REASONS = {
    "null value": "an entry of the primary or of a muon is null",
    "shower id": "an id is null, negative, not whole, or too large to be exact in its column",
    "primary length": "the primary has fewer entries than energy, zenith, mass and depth",
    "muon length": "a muon is not energy, x and y, or their lists differ in length",
    "muon ids": "the ids beside a muon are not those of its primary",
    "not finite": "a number of the primary or of a muon is NaN or infinite",
    "primary energy": "outside 1e2 to 1e12 GeV",
    "primary mass": "the mass of no nucleus",
    "zenith": "not from 0 to less than 90 degrees",
    "depth": "slant depth outside 50 to 20,000 m",
    "muon energy": (
        f"below the muon's mass, {MUON_MASS:.4f} GeV, or above the primary's energy per nucleon"
    ),
    "muon position": "more than 1e5 m from the axis in x or y",
    "duplicate": "an earlier row of the shard is the same shower at the same depth",
}
"""Reasons for which a row is rejected, with their meaning. A row has one: the first that holds."""

CODES = {reason: code for code, reason in enumerate(REASONS)}
"""Number of a reason; what is not rejected has -1."""


def reason_codes(faults: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """Return the code of each row's reason (:data:`CODES`), int8 (rows,), -1 for good rows.

    Args:
        faults: bool (rows,) by reason.
        rows: how many there are.
    """
    codes = np.full(rows, -1, dtype=np.int8)
    for reason, code in reversed(CODES.items()):
        # to look whether there is a fault at all takes a tenth of the time of the assignment
        if reason in faults and faults[reason].any():
            codes[faults[reason]] = code
    return codes


@dataclass
class FileQuality:
    """Counts of one file's rows; ``rows`` is the sum of the others."""

    format: str
    rows: int = 0
    kept: int = 0
    outliers: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    def count(self, codes: np.ndarray, outlier: np.ndarray) -> None:
        """Add a block of rows.

        Args:
            codes: as of :func:`reason_codes`.
            outlier: bool (rows,), good rows that are kept apart.
        """
        self.rows += len(codes)
        good, *rejected = np.bincount(codes + 1, minlength=len(CODES) + 1).tolist()
        outliers = int(outlier.sum())
        self.outliers += outliers
        self.kept += good - outliers
        for reason, number in zip(CODES, rejected, strict=True):
            if number:
                self.rejected[reason] = self.rejected.get(reason, 0) + number


@dataclass
class ShardQuality:
    """Counts of every file of a shard by its name, and what the user should know."""

    files: dict[str, FileQuality] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def write(self, path: str | Path) -> None:
        """Write the counts as JSON: ``{"files": {name: counts}, "warnings": [text]}``."""
        files = {name: vars(quality) for name, quality in self.files.items()}
        write_json(path, {"files": files, "warnings": self.warnings})
