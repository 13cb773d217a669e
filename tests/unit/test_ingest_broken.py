"""Ingest of broken files: each ends in one line with the file and what is wrong, and no output."""

import contextlib
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.corsika_files import MU_PLUS, particles, shower, write
from tests.unit.ingest_files import (
    WRITERS,
    Shape,
    as_events,
    assert_refused,
    event_table_file,
    ingest,
    muonitron_file,
    muonitron_table,
    some_rows,
)

from fastsim.bundles.events import MUON_COLUMNS, SCHEMA, to_table
from fastsim.bundles.ingest.rows import RawRows

ROWS = some_rows()


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("left", [0, 1, 4, 8, 100, 0.1, 0.5, 0.9, -100, -8, -1])
def test_a_truncated_file_is_refused(tmp_path, kind, left):
    """Cut to a number of bytes, to a share of them, or by some at the end."""
    whole = WRITERS[kind](tmp_path / "whole", ROWS).read_bytes()
    size = int(left * len(whole)) if isinstance(left, float) else left
    file = tmp_path / "cut"
    file.write_bytes(whole[:size])
    message = "is empty" if left == 0 else "cannot be read as|starts with"
    assert_refused(ingest(tmp_path / "out", file), file, message)


@pytest.mark.parametrize("left", [22_940, 22_944, 22_000, 1092, 8, -1, -22_940])
def test_a_corsika_file_cut_anywhere_is_refused(tmp_path, left):
    """Within a record, between two of them (22,940 bytes with their markers), before the end."""
    muons = particles(MU_PLUS, np.tile([0.0, 0.0, 5e3], (400, 1)), np.zeros((400, 2)))
    file = write(tmp_path / "cut", *(shower(muons, event=event) for event in (1, 2, 3)))
    assert ingest(tmp_path / "whole", file).status == 0
    whole = file.read_bytes()
    assert len(whole) == 2 * 22_940
    file.write_bytes(whole[:left])
    assert_refused(ingest(tmp_path / "out", file), file, "cut off|no CORSIKA particle file")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"energy,mass\n1e5,0.938\n", "starts with b'energy,m'; allowed are MuoniTron"),
        (b"\x1f\x8b\x08\x08DAT000001", "starts with"),
        (b"PARE" + bytes(100) + b"PARE", "starts with b'PARE"),
        (b"PAR1" + bytes(100) + b"PAR2", "cannot be read as Parquet"),
        (b"PAR1" + bytes(100) + b"PAR1", "cannot be read as Parquet"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "cannot be read as HDF5"),
        (b"RUNH" + bytes(100), "CORSIKA|cut off"),
        (bytes(1000), "starts with"),
    ],
)
def test_wrong_magic_is_refused(tmp_path, content, message):
    file = tmp_path / "events.parquet"
    file.write_bytes(content)
    assert_refused(ingest(tmp_path / "out", file), file, message)


@pytest.mark.parametrize("kind", ["muonitron", "events"])
def test_wrong_magic_at_the_end_is_refused(tmp_path, kind):
    file = WRITERS[kind](tmp_path / "a", ROWS)
    file.write_bytes(file.read_bytes()[:-4] + b"PAR2")
    assert_refused(ingest(tmp_path / "out", file), file, "cannot be read as Parquet")


def test_what_is_no_file_is_refused(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert_refused(ingest(tmp_path / "out", folder), folder, "cannot be read .Is a directory")
    missing = tmp_path / "missing.parquet"
    assert_refused(ingest(tmp_path / "out", missing), missing, "cannot be read .No such file")


@contextlib.contextmanager
def an_ordinary_user():
    """Root may read everything: become nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_that_may_not_be_read_is_refused(kind):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        file = WRITERS[kind](folder / "a", ROWS)
        file.chmod(0)
        with an_ordinary_user():
            outcome = ingest(folder / "out", file)
        assert_refused(outcome, file, "cannot be read .Permission denied")


def test_a_broken_file_among_good_ones_stops_the_shard(tmp_path):
    """Also after good files, whose rows were written already."""
    good = muonitron_file(tmp_path / "good", ROWS)
    bad = tmp_path / "bad"
    bad.write_bytes(good.read_bytes()[:-1])
    assert_refused(ingest(tmp_path / "out", [good, bad]), bad, "cannot be read as Parquet")


def test_a_file_named_twice_is_refused(tmp_path):
    file = muonitron_file(tmp_path / "a", ROWS)
    outcome = ingest(tmp_path / "out", [file, file])
    assert outcome.status == 2
    assert outcome.errors == f"error: --files {file}: given 2 times; once is allowed\n"


def nested_lists(depth, values):
    array = values
    for _ in range(depth):
        array = pa.ListArray.from_arrays(pa.array(range(len(array) + 1), pa.int32()), array)
    return array


ONES = pa.array([1.0] * len(ROWS), pa.float32())
WRONG_TYPES = {
    "muons": [
        ONES,
        nested_lists(1, ONES),
        nested_lists(3, ONES),
        nested_lists(2, ONES.cast(pa.int64())),
        nested_lists(2, ONES.cast(pa.float16())),
        nested_lists(1, pa.StructArray.from_arrays([ONES], ["energy"])),
        pa.array(["muon"] * len(ROWS)),
    ],
    "primary": [ONES, nested_lists(2, ONES), nested_lists(1, ONES.cast(pa.int64()))],
    "primary_major_id": [ONES, nested_lists(1, ONES), pa.array(["1"] * len(ROWS))],
    "primary_minor_id": [ONES, pa.array([b"1"] * len(ROWS))],
}


@pytest.mark.parametrize(
    ("column", "wrong"), [(name, wrong) for name, kinds in WRONG_TYPES.items() for wrong in kinds]
)
def test_a_muonitron_column_of_another_type_is_refused(tmp_path, column, wrong):
    table = muonitron_table(ROWS, Shape())
    file = tmp_path / "a"
    pq.write_table(table.set_column(table.column_names.index(column), column, wrong), file)
    outer = re.match(r"\w+", str(wrong.type)).group()
    message = f"column {column} is {outer}.*; .* is needed"
    assert_refused(ingest(tmp_path / "out", file), file, message)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["primary", "primary_major_id", "primary_minor_id"], "column muons is missing"),
        (["muons", "primary_major_id", "primary_minor_id"], "column primary is missing"),
        (["muons", "primary", "primary_major_id"], "column primary_minor_id is missing"),
        (["muons", "primary", "primary_minor_id"], "column primary_major_id is missing"),
        (["muons"], "column primary is missing"),
    ],
)
def test_a_missing_muonitron_column_is_refused(tmp_path, columns, message):
    file = tmp_path / "a"
    pq.write_table(muonitron_table(ROWS, Shape()).select(columns), file)
    assert_refused(ingest(tmp_path / "out", file), file, message)


def test_a_column_that_occurs_twice_is_refused(tmp_path):
    file = tmp_path / "a"
    table = muonitron_table(ROWS, Shape())
    pq.write_table(table.append_column("muons", table["muons"]), file)
    assert_refused(ingest(tmp_path / "out", file), file, "column muons occurs 2 times")
    table = to_table(as_events(ROWS))
    pq.write_table(table.append_column("zenith", table["zenith"]), file)
    assert_refused(ingest(tmp_path / "out", file), file, "column zenith occurs 2 times")


def test_a_parquet_file_of_something_else_is_refused(tmp_path):
    file = tmp_path / "a"
    pq.write_table(pa.table({"jet_pt": [1.0]}), file)
    message = "has the columns jet_pt; MuoniTron Parquet has .* the event table event_id"
    assert_refused(ingest(tmp_path / "out", file), file, message)
    pq.write_table(pa.table({}), file)
    assert_refused(ingest(tmp_path / "out", file), file, "has the columns .none.")


@pytest.mark.parametrize("column", SCHEMA.names)
def test_an_event_table_with_a_column_missing_or_of_another_type_is_refused(tmp_path, column):
    table = to_table(as_events(ROWS))
    file = tmp_path / "a"
    pq.write_table(table.drop_columns(column), file)
    assert_refused(ingest(tmp_path / "out", file), file, f"column {column} is missing")
    place = table.column_names.index(column)
    wrong = nested_lists(1, ONES.cast(pa.float64())) if column in MUON_COLUMNS else ONES.cast("f8")
    pq.write_table(table.set_column(place, column, wrong), file)
    assert_refused(ingest(tmp_path / "out", file), file, f"column {column} is .* is needed")


def _integer(number):
    """Return Thrift's compact bytes of a positive integer."""
    number *= 2
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(data) + bytes([number])


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_a_page_that_claims_gigabytes_is_refused_before_it_is_read(tmp_path, use_dictionary):
    """The size in the header of the first page of the last column: dictionary or data."""
    file = tmp_path / "a"
    options = {"use_dictionary": use_dictionary, "compression": "zstd"}
    muonitron_file(file, ROWS, Shape(options=options))
    chunk = pq.read_metadata(file).row_group(0).column(3)
    start = chunk.dictionary_page_offset if use_dictionary else chunk.data_page_offset
    data = file.read_bytes()
    # i32 field 1: kind of page; i32 field 2: size uncompressed; i32 field 3: size compressed
    header = re.compile(rb"\x15.\x15[\x80-\xff]*[\x00-\x7f]\x15", re.DOTALL)
    found = header.match(data, start)
    claim = found.group()[:3] + _integer(2**31 - 1) + b"\x15"
    file.write_bytes(data[:start] + claim + data[found.end() :])
    message = "column primary_minor_id: a page claims 2147483647 bytes"
    assert_refused(ingest(tmp_path / "out", file), file, message)


@pytest.mark.slow
def test_a_row_of_more_muons_than_any_shower_has_is_refused(tmp_path):
    """Six million equal muons take some kB in the file, and much more outside."""
    file = tmp_path / "a"
    muons = np.ones((6_000_000, 3), np.float32)
    rows = RawRows(0, ROWS.ids[:1], ROWS.primaries[:1], np.array([0, len(muons)]), muons)
    muonitron_file(file, rows, Shape(options={"compression": "zstd"}))
    assert file.stat().st_size < 100_000
    message = "column muons.*: 18000000 values in 1 rows; at most 15000000 a row"
    assert_refused(ingest(tmp_path / "out", file), file, message)


def scaled(column, factor):
    primaries = ROWS.primaries.copy()
    primaries[:, column] *= factor
    return RawRows(0, ROWS.ids, primaries, ROWS.offsets, ROWS.muons)


@pytest.mark.parametrize("kind", ["muonitron", "hdf5"])
@pytest.mark.parametrize(
    ("rows", "stated", "message"),
    [
        (ROWS, {"mass": "mass number"}, "primary mass .* ingest.mass 'mass number'"),
        (scaled(1, 1 / 0.938272), {"mass": "GeV"}, "primary mass .* ingest.mass 'GeV'"),
        (ROWS, {"depth_unit": "km"}, "depth 1500 of row 0, .* ingest.depth_unit 'km'"),
        (scaled(3, 1e-3), {"depth_unit": "m"}, "depth 1.5 of row 0, .* ingest.depth_unit 'm'"),
        (scaled(2, 180 / np.pi), {"angle": "rad"}, "zenith .* ingest.angle 'rad'"),
        (scaled(0, 1e-6), {}, "primary energy .* allowed is 1e2 to 1e12 GeV"),
        (scaled(0, 1e9), {}, "primary energy .* allowed is 1e2 to 1e12 GeV"),
    ],
)
def test_a_file_in_other_units_than_stated_is_refused(tmp_path, kind, rows, stated, message):
    file = WRITERS[kind](tmp_path / "a", rows)
    assert_refused(ingest(tmp_path / "out", file, **stated), file, message)


def test_an_event_table_in_other_units_is_refused(tmp_path):
    file = event_table_file(tmp_path / "a", scaled(3, 1e-3))
    assert_refused(ingest(tmp_path / "out", file), file, "depth 1.5 of row 0.*; allowed is 50 to")


def test_distances_too_large_to_be_metres_are_told(tmp_path):
    """CORSIKA's are in cm: a warning, no error."""
    rows = some_rows(showers=200)
    muons = rows.muons * np.float32([1, 100, 100])
    in_cm = RawRows(0, rows.ids, rows.primaries, rows.offsets, muons)
    file = muonitron_file(tmp_path / "a", in_cm)
    outcome = ingest(tmp_path / "out", file)
    assert outcome.status == 0
    (warning,) = outcome.quality["warnings"]
    assert re.fullmatch(".* muons are more than 300 m from the axis; are x and y in m.", warning)


def test_angles_too_small_to_be_degrees_are_told(tmp_path):
    """They may be: a warning, no error."""
    rows = some_rows(showers=200)
    file = muonitron_file(tmp_path / "a", rows)
    outcome = ingest(tmp_path / "out", file, angle="degree")
    assert outcome.status == 0
    (warning,) = outcome.quality["warnings"]
    assert outcome.errors == f"warning: {warning}\n"
    assert re.fullmatch(f"{file}: .* 1.* is ingest.angle 'degree'.", warning)
