"""One shard: the rows of its files, each in exactly one of three tables, and their counts."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.bundles.events import PRIMARY_COLUMNS, Events, event_writer
from fastsim.bundles.ingest.checks import muon_faults
from fastsim.bundles.ingest.conventions import Conventions, Plausibility
from fastsim.bundles.ingest.convert import Candidates
from fastsim.bundles.ingest.duplicates import Duplicates
from fastsim.bundles.ingest.quality import CODES, REASONS, FileQuality, ShardQuality, reason_codes
from fastsim.files import atomic_path

REJECTED_SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.uint64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("shower_id", pa.uint64()),
        *(pa.field(name, pa.float64(), nullable=False) for name in PRIMARY_COLUMNS),
    ]
)
"""Of the rejected rows; the primary is in the units of the file, the row's number starts at 0."""

NO_IDS = (
    "no ids of showers: rows with the same energy, mass and zenith count as one shower, so the "
    "split by shower is only as honest as that"
)


@dataclass
class ShardIngest:
    """Sorts the rows of a shard's files into events, outliers and rejected rows.

    Attributes:
        keep, keep_apart: append to the event table and to the table of outliers.
        reject: appends to the rejected rows: file, candidates, reason codes.
        max_muons: rows with more are outliers.
        quality: the counts, which grow with every file.
    """

    keep: Callable[[Events], None]
    keep_apart: Callable[[Events], None]
    reject: Callable[[str, Candidates, np.ndarray], None]
    max_muons: int
    quality: ShardQuality = field(default_factory=ShardQuality)
    _duplicates: Duplicates = field(default_factory=Duplicates)

    def add_file(
        self,
        name: str,
        kind: str,
        blocks: Iterable[Candidates],
        conventions: Conventions | None,
    ) -> None:
        """Sort the rows of one file.

        Args:
            name: the file as the user knows it.
            kind: its format.
            blocks: its rows in order.
            conventions: what the user stated of it; None where the file states its units itself.

        Raises:
            InputError: most rows break one convention, or a reader found the file broken.
        """
        counts = self.quality.files[name] = FileQuality(kind)
        plausibility = Plausibility(name, conventions)
        without_ids = False
        for block in blocks:
            codes = self._reasons(block)
            _, x, y = block.events.muon_columns
            plausibility.add(block.first_row, block.stated, codes, x, y)
            outlier = (codes < 0) & (block.events.counts > self.max_muons)
            counts.count(codes, outlier)
            self._write(name, block, codes, outlier)
            without_ids |= bool(((codes < 0) & ~block.known_shower).any())
        plausibility.refuse()
        self.quality.warnings += plausibility.warnings()
        if without_ids:
            self.quality.warnings.append(f"{name}: {NO_IDS}")

    def _reasons(self, block: Candidates) -> np.ndarray:
        faults = dict(block.faults)
        for reason, rows in muon_faults(block.events).items():
            faults[reason] = faults.get(reason, False) | rows
        codes = reason_codes(faults, len(block.events))
        codes[self._duplicates.find(block, codes < 0)] = CODES["duplicate"]
        return codes

    def _write(self, name: str, block: Candidates, codes: np.ndarray, outlier: np.ndarray) -> None:
        kept = (codes < 0) & ~outlier
        if kept.all():
            self.keep(block.events)
            return
        self.keep(block.events.select(kept))
        self.keep_apart(block.events.select(outlier))
        self.reject(name, block, codes)


@contextmanager
def shard_ingest(
    events: Path, outliers: Path, rejected: Path, quality: Path, max_muons: int
) -> Iterator[ShardIngest]:
    """Yield what sorts files into one shard; the outputs appear when the block has ended well.

    The event table appears last, so that where it is, the others are.
    """
    with (
        event_writer(events, "ingest") as write,
        in_background(write) as keep,
        event_writer(outliers, "ingest") as keep_apart,
        rejected_writer(rejected) as reject,
    ):
        shard = ShardIngest(keep, keep_apart, reject, max_muons)
        yield shard
        shard.quality.write(quality)


@contextmanager
def in_background(append: Callable[[Events], None]) -> Iterator[Callable[[Events], None]]:
    """Yield a function that lets ``append`` run in a thread while the caller makes the next block.

    Encoding takes as long as reading and checking together, and neither holds Python's lock much.
    At most one block waits. What ``append`` raises is raised by the next call or at the end.
    """
    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(max_workers=1) as thread:

        def hand_over(events: Events) -> None:
            if waiting:
                waiting.pop().result()
            waiting.append(thread.submit(append, events))

        yield hand_over
        if waiting:
            waiting.pop().result()


@contextmanager
def rejected_writer(path: Path) -> Iterator[Callable[[str, Candidates, np.ndarray], None]]:
    """Yield a function that appends the rejected rows of a block to a table, written atomically.

    It takes the file's name, the block and its reason codes (negative for rows to leave out).
    """
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, REJECTED_SCHEMA, compression="zstd") as writer,
    ):

        def append(name: str, block: Candidates, codes: np.ndarray) -> None:
            rows = np.flatnonzero(codes >= 0)
            if not len(rows):
                return
            columns = [
                pa.repeat(name, len(rows)),
                pa.array((block.first_row + rows).astype(np.uint64)),
                pa.array(list(REASONS)).take(pa.array(codes[rows])),
                pa.array(block.events.shower_id[rows], mask=~block.known_shower[rows]),
                *(pa.array(column) for column in block.stated[rows].T.copy()),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=REJECTED_SCHEMA))

        yield append
