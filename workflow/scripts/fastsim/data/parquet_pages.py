"""The page headers of a Parquet file, read before anything is decoded.

A header may claim any size, and Arrow allocates what it claims: a file of some kilobytes can ask
for gigabytes (one page of zeros, well compressed, or a damaged header). Arrow shows no page headers
in Python, so they are read here: Thrift's compact protocol, of which a header needs integers,
nested structures and what is skipped. The bodies of the pages are jumped over.

Reference: parquet.thrift (PageHeader) of the Apache Parquet format, version 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq

from fastsim.errors import InputError

MAX_PAGE_BYTES = 128 * 2**20
"""Most bytes of a page, uncompressed; writers aim at 1 MiB."""
MAX_PAGE_VALUES = 2**25
"""Most values of a page, which may be run-length encoded into a few bytes."""
MAX_VALUES_PER_ROW = 15_000_000
"""Most values of a row, averaged over a row group: five million muons."""

DICTIONARY_PAGE = 2
MAX_HEADER_BYTES = 2**20
"""A header may hold a smallest and a largest value, of four or eight bytes each here."""


@dataclass(frozen=True)
class PageHeader:
    """What a page says of itself; sizes in bytes, header excluded."""

    kind: int
    uncompressed: int
    compressed: int
    values: int


class _BrokenHeaderError(Exception):
    """The bytes are no page header."""


def check_pages(path: Path, metadata: pq.FileMetaData, columns: set[str]) -> None:
    """Walk the pages of the named top-level columns.

    Raises:
        InputError: a header is broken, lies outside its column chunk, claims more than
            :data:`MAX_PAGE_BYTES` or :data:`MAX_PAGE_VALUES`, or the pages of a chunk do not hold
            as many values as the footer says.
    """
    with path.open("rb") as file:
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            for index in range(row_group.num_columns):
                chunk = row_group.column(index)
                if chunk.path_in_schema.split(".")[0] not in columns:
                    continue
                where = f"{path}: row group {group}, column {chunk.path_in_schema}"
                if chunk.num_values > MAX_VALUES_PER_ROW * max(row_group.num_rows, 1):
                    raise InputError(
                        f"{where}: {chunk.num_values} values in {row_group.num_rows} rows; at most "
                        f"{MAX_VALUES_PER_ROW} a row are allowed"
                    )
                _check_chunk(file, chunk, where)


def _check_chunk(file: BinaryIO, chunk: pq.ColumnChunkMetaData, where: str) -> None:
    start = chunk.data_page_offset
    if chunk.has_dictionary_page:
        start = min(start, chunk.dictionary_page_offset)
    # some writers leave the dictionary's header out of the total
    end = start + chunk.total_compressed_size + MAX_HEADER_BYTES
    values = 0
    while values < chunk.num_values:
        try:
            page, body = _read_header(file, start)
        except _BrokenHeaderError as problem:
            raise InputError(
                f"{where}: page header at byte {start} is broken ({problem})"
            ) from None
        if page.uncompressed > MAX_PAGE_BYTES or page.values > MAX_PAGE_VALUES:
            raise InputError(
                f"{where}: a page claims {page.uncompressed} bytes and {page.values} values; "
                f"at most {MAX_PAGE_BYTES} and {MAX_PAGE_VALUES} are allowed"
            )
        start = body + page.compressed
        if start > end:
            raise InputError(f"{where}: a page reaches beyond its column chunk")
        values += 0 if page.kind == DICTIONARY_PAGE else page.values
    if values != chunk.num_values:
        raise InputError(f"{where}: pages hold {values} values, the footer says {chunk.num_values}")


def _read_header(file: BinaryIO, start: int) -> tuple[PageHeader, int]:
    """Return the header at byte ``start`` and the place of the page's body."""
    size = 256
    while True:
        file.seek(start)
        data = file.read(size)
        reader = _CompactReader(data)
        try:
            fields = reader.structure()
            break
        except IndexError:
            if len(data) < size or size >= MAX_HEADER_BYTES:
                raise _BrokenHeaderError("it does not end") from None
            size *= 16
    # 5: data page, 7: dictionary page, 8: data page of version 2; field 1 of each: num_values
    own = next((fields[key] for key in (5, 7, 8) if isinstance(fields.get(key), dict)), {})
    page = [fields.get(1), fields.get(2), fields.get(3), own.get(1)]
    if not all(isinstance(number, int) and number >= 0 for number in page):
        raise _BrokenHeaderError("sizes are missing or negative")
    return PageHeader(*page), start + reader.place


class _CompactReader:
    """Thrift's compact protocol: integers and structures by field number, the rest skipped."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def structure(self, depth: int = 0) -> dict[int, "int | dict"]:
        if depth > 8:
            raise _BrokenHeaderError("nested too deeply")
        fields = {}
        number = 0
        for head in iter(self._byte, 0):
            # the upper half is the step to the field's number, or 0 before the number itself
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = self._value(head & 0x0F, depth)
        return fields

    def _value(self, kind: int, depth: int) -> "int | dict | None":
        if kind in (1, 2):
            return None
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._integer()
        if kind == 12:
            return self.structure(depth + 1)
        if kind not in (7, 8):
            raise _BrokenHeaderError(f"a field of type {kind}")
        # a double, or bytes after their length
        length = 8 if kind == 7 else self._varint()
        self.place += length
        return None

    def _byte(self) -> int:
        byte = self._data[self.place]
        self.place += 1
        return byte

    def _varint(self) -> int:
        groups = list(self._groups())
        return sum(group << 7 * place for place, group in enumerate(groups))

    def _groups(self) -> Iterator[int]:
        for _ in range(10):
            byte = self._byte()
            yield byte & 0x7F
            if byte < 0x80:
                return
        raise _BrokenHeaderError("an integer of more than 64 bits")

    def _integer(self) -> int:
        # zigzag: the sign is the lowest bit
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
