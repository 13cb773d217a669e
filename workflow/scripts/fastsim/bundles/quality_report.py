"""What was found wrong with the user's files, over all shards."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastsim.bundles.events import PRIMARY_COLUMNS
from fastsim.bundles.ingest.convert import showers_by_primary, sighting_keys
from fastsim.bundles.ingest.quality import REASONS
from fastsim.data.parquet_files import clear_errors, open_parquet
from fastsim.errors import InputError

MOST_LISTED = 12
"""Files, and warnings, that figure and report give one by one."""


def merge(shards: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts of all shards' ``quality`` as one.

    Args:
        shards: what ``ingest`` counted, shard by shard: ``files`` (by name: ``format``, ``rows``,
            ``kept``, ``outliers``, ``rejected`` by reason) and ``warnings``.

    Returns:
        ``rows``, ``kept``, ``outliers``, ``rejected`` (by reason, the most frequent first),
        ``rejected_fraction`` of all rows, ``files`` and ``warnings`` (each once) as above.
    """
    files: dict[str, dict[str, Any]] = {}
    warnings: dict[str, None] = {}
    for shard in shards:
        files |= shard["files"]
        warnings |= dict.fromkeys(shard["warnings"])
    reasons: Counter[str] = Counter()
    for file in files.values():
        reasons.update(file["rejected"])
    rows = sum(file["rows"] for file in files.values())
    return {
        "rows": rows,
        "kept": sum(file["kept"] for file in files.values()),
        "outliers": sum(file["outliers"] for file in files.values()),
        "rejected": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        "rejected_fraction": reasons.total() / rows if rows else 0.0,
        "files": files,
        "warnings": list(warnings),
    }


def rejected_rows(file: dict[str, Any]) -> int:
    """Return how many rows of a file, or of all, were rejected."""
    return sum(file["rejected"].values())


def worst_files(quality: dict[str, Any], most: int) -> list[str]:
    """Return the names of the files with the most rejected rows, at most ``most``, worst first.

    Files with as many are ordered by their outliers, and then stay in their order.
    """
    files = quality["files"]
    return sorted(files, key=lambda name: (-rejected_rows(files[name]), -files[name]["outliers"]))[
        :most
    ]


def check(quality: dict[str, Any], max_rejected_fraction: float, rejected: str | Path) -> None:
    """Raise :class:`InputError` when too much was rejected, or nothing is left.

    Args:
        quality: as of :func:`merge`.
        max_rejected_fraction: the largest share of rejected rows that is allowed.
        rejected: where the user finds the rejected rows.
    """
    if quality["rejected_fraction"] > max_rejected_fraction:
        reason, count = next(iter(quality["rejected"].items()))
        files = quality["files"]
        worst = max(files, key=lambda name: files[name]["rejected"].get(reason, 0))
        raise InputError(
            f"{rejected_rows(quality)} of {quality['rows']} rows are rejected "
            f"({quality['rejected_fraction']:.2%}); ingest.max_rejected_fraction allows "
            f"{max_rejected_fraction:.2%}; the most frequent reason is {reason!r}: "
            f"{REASONS[reason]} ({count} rows, most of them in {worst}); each row is listed in "
            f"{rejected}"
        )
    if not quality["kept"]:
        raise InputError(
            f"none of {quality['rows']} rows in {len(quality['files'])} files is kept "
            f"({rejected_rows(quality)} rejected, {quality['outliers']} outliers)"
        )


def doubled_rows(paths: Sequence[str | Path]) -> tuple[int, list[str | Path]]:
    """Return how many rows are in several event tables at once, and two tables that share one.

    As within a shard, a row is known by its ``event_id`` and, where its file had ids of showers, by
    shower and depth; 16 bytes of memory a row. Doubles within a table are not looked for:
    ``ingest`` rejects them.

    Raises:
        InputError: a table cannot be read.
    """
    found = [_keys(path) for path in paths]
    # most doubles are copies, which share both keys: they are not to count twice
    return max(
        (_shared(paths, [keys[kind] for keys in found]) for kind in range(2)),
        key=lambda doubles: doubles[0],
    )


def _shared(
    paths: Sequence[str | Path], keys: Sequence[np.ndarray]
) -> tuple[int, list[str | Path]]:
    together = np.sort(np.concatenate(keys))
    doubles = together[1:][together[1:] == together[:-1]]
    if not len(doubles):
        return 0, []
    both = [path for path, own in zip(paths, keys, strict=True) if (own == doubles[0]).any()]
    return len(doubles), both[:2]


def _keys(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Return ``event_id`` and a hash of shower and depth, or again ``event_id`` without ids."""
    columns = ["event_id", "shower_id", *PRIMARY_COLUMNS]
    with open_parquet(path) as file, clear_errors(f"{path}: cannot be read as Parquet"):
        table = file.read(columns)
    event_id, shower_id, *primary = (table[name].to_numpy() for name in columns)
    primaries = np.column_stack(primary)
    sighting = sighting_keys(shower_id, primaries)
    known = shower_id != showers_by_primary(primaries)
    return event_id, np.where(known, sighting, event_id)
