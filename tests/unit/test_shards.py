"""Normalised shards: round trips, streaming, refusals."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsim.data.shards import Shard, read_shards, write_shard
from fastsim.errors import InputError


def make_shard(counts, seed=0):
    rng = np.random.default_rng(seed)
    return Shard(
        rng.normal(size=(len(counts), 4)).astype(np.float32),
        np.array(counts, dtype=np.int32),
        rng.normal(size=(sum(counts), 3)).astype(np.float32),
    )


def write(path, *blocks):
    write_shard(path, blocks, {"origin": "test"}, widths=(4, 3), points_column="muons")


def read(*paths):
    return read_shards(paths, points_column="muons")


def assert_equal(a, b):
    for name in ("conditions", "counts", "points"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(a, name).dtype == getattr(b, name).dtype


counts_lists = st.lists(st.integers(0, 9), min_size=1, max_size=30)


@settings(deadline=None, max_examples=30)
@given(blocks=st.lists(counts_lists, min_size=1, max_size=4))
def test_round_trip_over_blocks_and_files(tmp_path_factory, blocks):
    folder = tmp_path_factory.mktemp("shards")
    shards = [make_shard(counts, seed) for seed, counts in enumerate(blocks)]
    write(folder / "all.parquet", *shards)
    write(folder / "empty.parquet")
    write(folder / "first.parquet", shards[0])
    expected = Shard.concatenate([*shards, shards[0]])
    found = read(*(folder / f"{name}.parquet" for name in ("all", "empty", "first")))
    assert_equal(found, expected)
    np.testing.assert_array_equal(np.diff(found.offsets), found.counts)
    metadata = pq.ParquetFile(folder / "all.parquet").metadata
    groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert groups == [len(counts) for counts in blocks]


def test_columns_on_disk_are_as_documented(tmp_path):
    write(tmp_path / "a.parquet", make_shard([2, 0]))
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert schema.field("conditions").type.list_size == 4
    assert schema.field("count").type == pa.int32()
    assert schema.field("muons").type.value_type.list_size == 3
    assert schema.metadata[b"origin"] == b"test"


def test_select_takes_events_with_their_points():
    shard = make_shard([2, 0, 3, 1])
    taken = shard.select(np.array([3, 2]))
    np.testing.assert_array_equal(taken.points, shard.points[[5, 2, 3, 4]])
    np.testing.assert_array_equal(taken.counts, [1, 3])


def test_files_without_any_event_are_refused(tmp_path):
    write(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: no events"):
        read(tmp_path / "a.parquet")


def test_count_that_is_not_the_length_is_refused(tmp_path):
    write(tmp_path / "a.parquet", make_shard([2, 0, 3]))
    table = pq.read_table(tmp_path / "a.parquet")
    counts = pa.array([2, 1, 3], pa.int32())
    pq.write_table(table.set_column(1, table.schema.field(1), counts), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="row 1: count 1; the row holds 0 muons"):
        read(tmp_path / "a.parquet")


def test_values_that_are_not_finite_are_refused(tmp_path):
    shard = make_shard([2])
    shard.points[1, 2] = np.nan
    write(tmp_path / "a.parquet", shard)
    with pytest.raises(InputError, match="muons has values that are not finite"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"count": [1]}, "column conditions is missing"),
        ({"conditions": [[1.0]], "count": [1], "muons": [1.0]}, "no normalised shard"),
    ],
)
def test_other_tables_are_refused(tmp_path, columns, message):
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.parquet")


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "a.parquet").write_text("nonsense")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(tmp_path / "a.parquet")


def test_a_failing_source_leaves_no_file(tmp_path):
    def blocks():
        yield make_shard([1])
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_shard(tmp_path / "a.parquet", blocks(), {}, widths=(4, 3), points_column="muons")
    assert list(tmp_path.iterdir()) == []
