"""What every reader of a user's file yields: blocks of rows, in the file's own units."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class RawRows:
    """A block of rows as a file holds them; muons of row ``i`` are ``offsets[i]:offsets[i + 1]``.

    Attributes:
        first_row: number of the block's first row in its file, from 0.
        ids: uint64 (rows, 2), major and minor id of the shower, or None where the file has none.
        primaries: float64 (rows, 4): energy, mass, zenith, depth, in the file's units.
        offsets: int64 (rows + 1,), starts at 0.
        muons: float32 or float64 (muons, 3): energy [GeV], x, y [m].
        faults: bool (rows,) by reason, for rows that the reader itself found unusable; their
            muons may be missing.
    """

    first_row: int
    ids: np.ndarray | None
    primaries: np.ndarray
    offsets: np.ndarray
    muons: np.ndarray
    faults: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.primaries)
