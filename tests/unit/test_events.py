"""The event table: round trips, invariants, refusals."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsim.bundles import events as event_table
from fastsim.bundles.events import (
    SCHEMA,
    Events,
    event_writer,
    iter_events,
    read_events,
    write_events,
)
from fastsim.data import parquet_blocks
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError


def make_events(counts, seed=0):
    rng = np.random.default_rng(seed)
    n, muons = len(counts), int(sum(counts))
    return Events(
        rng.integers(0, 2**64, n, dtype=np.uint64),
        rng.integers(0, 2**64, n, dtype=np.uint64),
        rng.uniform(1, 2, (n, 4)).astype(np.float32),
        offsets_of(np.array(counts, dtype=np.int64)),
        *rng.uniform(0.1, 9, (3, muons)).astype(np.float32),
    )


def assert_equal(a, b):
    for name in ("event_id", "shower_id", "primaries", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(a, name).dtype == getattr(b, name).dtype


counts_lists = st.lists(st.integers(0, 9), max_size=30)


@settings(deadline=None, max_examples=40)
@given(first=counts_lists, second=counts_lists, group=st.integers(1, 40))
def test_round_trip_over_shards_and_row_groups(tmp_path_factory, first, second, group):
    folder = tmp_path_factory.mktemp("events")
    blocks = [make_events(first, 1), make_events(second, 2)]
    paths = [folder / "a.parquet", folder / "b.parquet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_table, "MUONS_PER_ROW_GROUP", group)
        for path, block in zip(paths, blocks, strict=True):
            write_events(path, block, producer="test", seed=3)
    assert_equal(read_events(paths), Events.concatenate(blocks))


@given(counts=counts_lists, data=st.data())
def test_select_takes_rows_with_their_muons(counts, data):
    events = make_events(counts)
    rows = data.draw(
        st.lists(st.integers(0, len(counts) - 1), max_size=20) if counts else st.just([])
    )
    taken = events.select(np.array(rows, dtype=np.int64))
    np.testing.assert_array_equal(taken.event_id, events.event_id[rows])
    expected = [events.muons[events.offsets[row] : events.offsets[row + 1]] for row in rows]
    np.testing.assert_array_equal(taken.muons, np.concatenate([np.empty((0, 3)), *expected]))


def test_large_tables_are_cut_into_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(event_table, "MUONS_PER_ROW_GROUP", 10)
    path = tmp_path / "a.parquet"
    events = make_events([3, 4, 5, 25, 0, 0, 1])
    write_events(path, events, producer="test")
    metadata = pq.ParquetFile(path).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [3, 1, 3]


def test_large_tables_are_read_in_blocks(tmp_path, monkeypatch):
    # 23 values a row on average
    monkeypatch.setattr(parquet_blocks, "VALUES_PER_BLOCK", 47)
    path = tmp_path / "a.parquet"
    events = make_events([3, 4, 5, 25, 0, 0, 1])
    write_events(path, events, producer="test")
    blocks = list(iter_events(path))
    assert [len(block) for block in blocks] == [2, 2, 2, 1]
    joined = Events.concatenate(blocks)
    np.testing.assert_array_equal(joined.event_id, events.event_id)
    np.testing.assert_array_equal(joined.muons, events.muons)


def test_metadata_names_units_and_origin(tmp_path):
    path = tmp_path / "a.parquet"
    write_events(path, make_events([1]), producer="simulate", seed=17)
    metadata = pq.read_schema(path).metadata
    assert metadata[b"producer"] == b"simulate"
    assert metadata[b"seed"] == b"17"
    assert metadata[b"unit.muon_energy"] == b"GeV"
    assert metadata[b"format_version"] == b"1"


def broken(tmp_path, change):
    """Write a valid table after ``change`` of its columns (name -> list) and read it back."""
    columns = event_table.to_table(make_events([1, 2, 0])).to_pydict()
    change(columns)
    path = tmp_path / "bad.parquet"
    pq.write_table(pa.table(columns, schema=SCHEMA), path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["muon_x"][1].pop(), "muon_x and muon_energy differ in length"),
        (lambda c: c["muon_y"][1].__setitem__(1, float("nan")), "row 1: muon .*nan"),
        (lambda c: c["muon_energy"][0].__setitem__(0, -1.0), "row 0: muon .*-1.0"),
        (lambda c: c["zenith"].__setitem__(2, float("inf")), "row 2: primary .*inf"),
        (lambda c: c["primary_energy"].__setitem__(0, 0.0), "row 0: primary .*positive"),
    ],
)
def test_broken_rows_are_named(tmp_path, change, message):
    path = broken(tmp_path, change)
    with pytest.raises(InputError, match=rf"bad\.parquet: .*{message}"):
        read_events(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"other\.parquet: cannot be read as Parquet"):
        read_events(path)
    pq.write_table(pa.table({"event_id": pa.array([1], pa.uint64())}), path)
    with pytest.raises(InputError, match="column shower_id is missing"):
        read_events(path)
    with pytest.raises(InputError, match=r"absent\.parquet"):
        read_events(tmp_path / "absent.parquet")


def test_small_blocks_are_gathered_into_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(event_table, "MUONS_PER_ROW_GROUP", 10)
    blocks = [make_events([3, 0], seed) for seed in range(8)]
    with event_writer(tmp_path / "a.parquet", "test") as append:
        for block in blocks:
            append(block)
    # 24 muons in groups of the rows that reach 10, and a last row without muons
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    assert_equal(read_events(tmp_path / "a.parquet"), Events.concatenate(blocks))


def test_a_primary_without_mass_is_refused(tmp_path):
    events = make_events([1, 1])
    events.primaries[1, 1] = 0.0
    write_events(tmp_path / "a.parquet", events, "test")
    with pytest.raises(InputError, match=r"row 1: primary .* positive energy and mass"):
        read_events(tmp_path / "a.parquet")


def test_a_damaged_file_is_read_or_refused_with_one_line(tmp_path):
    path = tmp_path / "events.parquet"
    write_events(path, make_events([3, 0, 5, 2]), "test")
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    messages = []
    for place in random.integers(0, len(whole), 300):
        damaged = bytearray(whole)
        damaged[place] ^= random.integers(1, 256)
        path.write_bytes(damaged)
        try:
            read_events(path)
        except InputError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert all(str(path) in message and "\n" not in message for message in messages)
