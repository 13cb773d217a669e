"""From the rows of a file to events in canonical units, with ids."""

from dataclasses import dataclass

import numpy as np

from fastsim.bundles.events import Events
from fastsim.bundles.ingest.conventions import Conventions
from fastsim.bundles.ingest.rows import RawRows
from fastsim.data.splitting import hash_columns, splitmix64

HALF = np.uint64(32)


@dataclass(frozen=True)
class Candidates:
    """A block of rows that become events unless something speaks against it.

    Attributes:
        first_row: number of the block's first row in its file, from 0.
        stated: float64 (rows, 4), energy, mass, zenith and depth as in the file.
        events: the rows in canonical units.
        known_shower: bool (rows,), whether the file says which shower a row belongs to.
        keys: uint64 (rows,) by meaning (``event``: its id; ``sighting``: shower and depth); rows
            that share one are duplicates.
        faults: bool (rows,) by reason, what was found wrong so far.
    """

    first_row: int
    stated: np.ndarray
    events: Events
    known_shower: np.ndarray
    keys: dict[str, np.ndarray]
    faults: dict[str, np.ndarray]


def to_candidates(rows: RawRows, conventions: Conventions) -> Candidates:
    """Return ``rows`` as events.

    ``shower_id`` is ``(major << 32) | minor`` where both ids are below 2^32 and else a hash of
    them. Rows without ids are of one shower if energy, mass and zenith are the same bit for bit.
    ``event_id`` is a hash of the shower and the depth, without ids of the row's muons too, so that
    neither depends on how files are spread over shards.
    """
    canonical, implausible = conventions.canonical(rows.primaries)
    with np.errstate(over="ignore"):
        primaries = canonical.astype(np.float32)
        # column by column, as they are checked and written
        muons = np.ascontiguousarray(rows.muons.T, dtype=np.float32)
    if rows.ids is None:
        shower_id = showers_by_primary(primaries)
        depth = _words(primaries[:, 3])
        event_id = hash_columns(shower_id, depth, _muon_hash(muons, rows.offsets))
        known = np.zeros(len(rows), dtype=bool)
        keys = {"event": event_id}
    else:
        shower_id = _shower_id(rows.ids)
        event_id = sighting_keys(shower_id, primaries)
        known = ~rows.faults.get("shower id", np.zeros(len(rows), dtype=bool))
        keys = {"sighting": event_id}
    events = Events(event_id, shower_id, primaries, rows.offsets, *muons)
    faults = rows.faults | implausible
    return Candidates(rows.first_row, rows.primaries, events, known, keys, faults)


def showers_by_primary(primaries: np.ndarray) -> np.ndarray:
    """Return the ids, uint64 (rows,), of the showers of rows without ids.

    Args:
        primaries: float32 (rows, 4); one energy, mass and zenith are one shower.
    """
    return hash_columns(*(_words(column) for column in primaries.T[:3]))


def sighting_keys(shower_id: np.ndarray, primaries: np.ndarray) -> np.ndarray:
    """Return a key, uint64 (rows,), of each shower (rows,) and its depth.

    Args:
        shower_id: uint64 (rows,).
        primaries: float32 (rows, 4).
    """
    return hash_columns(shower_id, _words(primaries[:, 3]))


def _words(values: np.ndarray) -> np.ndarray:
    """Return the bits of float32 (rows,) as uint64."""
    return values.copy().view(np.uint32).astype(np.uint64)


def _shower_id(ids: np.ndarray) -> np.ndarray:
    major, minor = ids.T
    packed = (major << HALF) | minor
    wide = (major | minor) >> HALF > 0
    return np.where(wide, hash_columns(major, minor), packed) if wide.any() else packed


def _muon_hash(muons: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return a hash of each row's muons (3, muons) and their order, uint64 (rows,)."""
    words = muons.view(np.uint32).astype(np.uint64)
    place = np.arange(muons.shape[1]) - np.repeat(offsets[:-1], np.diff(offsets))
    hashes = hash_columns(place.astype(np.uint64), *words)
    # sums wrap around, so that differences of running sums are the sums of rows
    running = np.zeros(len(hashes) + 1, dtype=np.uint64)
    np.cumsum(hashes, out=running[1:])
    return splitmix64(running[offsets[1:]] - running[offsets[:-1]])
