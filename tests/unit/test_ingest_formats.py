"""Ingest of valid files: every layout comes back bit for bit, whatever its units and shards."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.unit.ingest_files import (
    MASSES,
    Shape,
    all_bits,
    as_events,
    bits,
    event_table_file,
    hdf5_file,
    ingest,
    muonitron_file,
    muonitron_table,
    some_rows,
    without_ids,
)

from fastsim.bundles.events import MUON_MASS, SCHEMA, to_table, write_events
from fastsim.bundles.ingest.rows import RawRows
from fastsim.data.foreign_parquet import unnest
from fastsim.data.ragged import offsets_of

PROTON_MASS, ATOMIC_MASS_UNIT = 0.938, 0.93149
EXAMPLES = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

compression = st.sampled_from(["none", "snappy", "zstd", "gzip"])
parquet_options = st.fixed_dictionaries(
    {
        "compression": compression,
        "use_dictionary": st.booleans(),
        "data_page_version": st.sampled_from(["1.0", "2.0"]),
        "row_group_size": st.sampled_from([1, 2, 3, 1000]),
        "data_page_size": st.sampled_from([16, 2**20]),
        "write_batch_size": st.sampled_from([1, 1024]),
        "write_page_checksum": st.booleans(),
        "store_schema": st.booleans(),
    }
)
kinds = st.sampled_from(["list", "large", "fixed"])


def floats(draw, shape, low, high, width):
    """Draw floats of single or double precision, bounds included."""
    number = {32: np.float32, 64: np.float64}[width]
    low, high = float(number(low)), float(number(high))
    return draw(arrays.arrays(number, shape, elements=st.floats(low, high, width=width)))


@st.composite
def tables(draw, width=32, largest_id=2**64 - 1, count=None):
    """Draw rows that ingest keeps, in canonical units; values have ``width`` bits."""
    depths = draw(st.lists(st.integers(1, 3), max_size=4))
    rows = sum(depths)
    primaries = np.empty((len(depths), 3))
    primaries[:, 0] = floats(draw, len(depths), 1e2, 1e12, width)
    masses = [*MASSES, 0.93827, 238 * ATOMIC_MASS_UNIT]
    primaries[:, 1] = draw(arrays.arrays(float, len(depths), elements=st.sampled_from(masses)))
    primaries[:, 2] = floats(draw, len(depths), 0.0, 1.57, width)
    slant_depths = draw(
        st.lists(st.floats(50, 20_000, width=32), min_size=rows, max_size=rows, unique=True)
    )
    primaries = np.column_stack([np.repeat(primaries, depths, axis=0), slant_depths])
    each = st.sampled_from([0, 0, 1, 1, 2, 7]) if count is None else st.just(count)
    counts = draw(st.lists(each, min_size=rows, max_size=rows))
    muons = np.column_stack(
        [
            # up to a nucleon's of the heaviest at the least energy
            floats(draw, sum(counts), MUON_MASS, 0.42, width),
            floats(draw, (sum(counts), 2), -1e5, 1e5, width),
        ]
    )
    identity = st.tuples(st.integers(0, largest_id), st.integers(0, largest_id))
    ids = draw(
        st.lists(identity, min_size=len(depths), max_size=len(depths), unique=True).map(
            lambda pairs: np.array(pairs, dtype=np.uint64).reshape(-1, 2)
        )
    )
    return RawRows(
        0,
        np.repeat(ids, depths, axis=0),
        primaries.astype(f"f{width // 8}").astype(float),
        offsets_of(np.array(counts, dtype=np.int64)),
        muons,
    )


def assert_same_values(events, rows):
    """Hold events against the table they were written from, rounded to single precision."""
    assert bits(events.primaries) == bits(rows.primaries.astype(np.float32))
    assert bits(events.offsets) == bits(rows.offsets)
    assert bits(events.muons) == bits(rows.muons.astype(np.float32))


def assert_ids_tell_showers_apart(events, rows):
    """The same two ids are the same ``shower_id``, which is spelled out where ids are small."""
    assert len(np.unique(events.event_id)) == len(rows)
    _, by_ids = np.unique(rows.ids, axis=0, return_inverse=True)
    pairs = set(zip(by_ids.ravel().tolist(), events.shower_id.tolist(), strict=True))
    assert len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs})
    small = (rows.ids < 2**32).all(axis=1)
    expected = [major << 32 | minor for major, minor in rows.ids[small].tolist()]
    assert events.shower_id[small].tolist() == expected


def assert_all_kept(outcome, rows, kind):
    assert (outcome.status, outcome.errors) == (0, "")
    (counts,) = outcome.quality["files"].values()
    assert counts == {
        "format": kind,
        "rows": len(rows),
        "kept": len(rows),
        "outliers": 0,
        "rejected": {},
    }
    assert outcome.rejected == []
    assert len(outcome.outliers) == 0


@EXAMPLES
@given(st.data(), kinds, kinds, kinds, st.sampled_from([4, 5, 6]), parquet_options)
@pytest.mark.parametrize("width", [32, 64])
def test_muonitron_comes_back_bit_for_bit(
    tmp_path, width, data, primary, inner, outer, entries, options
):
    # fixed-size lists of muons: the same number in every row
    count = data.draw(st.sampled_from([1, 3])) if outer == "fixed" else None
    rows = data.draw(tables(width, count=count))
    number = {32: pa.float32(), 64: pa.float64()}[width]
    file = muonitron_file(
        tmp_path / "any.name", rows, Shape(primary, inner, outer, number, entries, options)
    )
    outcome = ingest(tmp_path / "out", file)
    assert_all_kept(outcome, rows, "muonitron")
    assert_same_values(outcome.events, rows)
    assert_ids_tell_showers_apart(outcome.events, rows)


def test_ids_of_more_than_32_bits_do_not_run_into_each_other(tmp_path):
    rows = some_rows(showers=4, depths=1)
    rows.ids[:] = [(1, 0), (0, 2**32), (2**32, 0), (2**63, 2**63 + 1)]
    outcome = ingest(tmp_path / "out", muonitron_file(tmp_path / "a", rows))
    assert_all_kept(outcome, rows, "muonitron")
    assert_ids_tell_showers_apart(outcome.events, rows)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.int8()), pa.large_list(pa.int8()), pa.list_(pa.int8(), 2)]
)
def test_a_slice_of_lists_is_taken_apart_like_a_copy(kind):
    lists = pa.array([[1, 2], [3, 4], [5, 6], [7, 8]], kind)
    offsets, values = unnest(lists.slice(1, 2))
    assert offsets.tolist() == [0, 2, 4]
    assert values.to_pylist() == [3, 4, 5, 6]


@EXAMPLES
@given(tables(), parquet_options)
def test_without_ids_a_primary_is_a_shower_and_the_user_is_told(tmp_path, rows, options):
    file = muonitron_file(tmp_path / "a", without_ids(rows), Shape(options=options))
    outcome = ingest(tmp_path / "out", file)
    assert outcome.status == 0
    assert_same_values(outcome.events, rows)
    showers = rows.primaries[:, :3].astype(np.float32)
    assert_ids_tell_showers_apart(
        outcome.events,
        # numbers far above 32 bits, so that they only tell which rows go together
        RawRows(0, (1 << 40) + _groups(showers), rows.primaries, rows.offsets, rows.muons),
    )
    warnings = outcome.quality["warnings"]
    assert len(warnings) == (len(rows) > 0)
    assert outcome.errors == "".join(f"warning: {text}\n" for text in warnings)
    assert all(text.startswith(f"{file}: no ids of showers") for text in warnings)


def _groups(keys):
    """Return a number for each distinct row of bits, twice, uint64 (rows, 2)."""
    words = np.ascontiguousarray(keys).view(np.uint32).reshape(len(keys), 3)
    number = np.unique(words, axis=0, return_inverse=True)[1].reshape(-1, 1)
    return np.repeat(number, 2, axis=1).astype(np.uint64)


storages = st.sampled_from(
    [
        {},
        {"chunks": True, "maxshape": None},
        {"chunks": True, "compression": "gzip", "shuffle": True},
        {"chunks": True, "compression": "lzf", "fletcher32": True},
    ]
)


@EXAMPLES
@given(st.data(), storages, st.sampled_from([6, 7]), st.booleans(), st.booleans())
@pytest.mark.parametrize("width", [32, 64])
def test_hdf5_comes_back_bit_for_bit(tmp_path, width, data, storage, columns, zeros, latest):
    # ids are floats: those of single precision are exact to 2^24, of double to 2^53
    rows = data.draw(tables(width, largest_id={32: 2**24, 64: 2**53}[width] - 1))
    # h5py makes no chunks by itself for datasets without rows
    storage = storage if len(rows) and len(rows.muons) else {}
    file = hdf5_file(
        tmp_path / "any.name",
        rows,
        f"f{width // 8}",
        columns,
        zeros,
        "latest" if latest else "earliest",
        **storage,
    )
    outcome = ingest(tmp_path / "out", file)
    assert_all_kept(outcome, rows, "hdf5")
    assert_same_values(outcome.events, rows)
    assert_ids_tell_showers_apart(outcome.events, rows)


def test_a_muon_on_the_axis_is_no_placeholder(tmp_path):
    """Only energy and place zero, in an event of one muon, mean that there is none."""
    rows = some_rows(showers=4, depths=1)
    muons = np.array([[5.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    # events: a muon on the axis; none; two, of which one has no energy; a row of zeros is none
    offsets = np.array([0, 1, 1, 3, 4])
    rows = RawRows(0, rows.ids, rows.primaries, offsets, muons)
    outcome = ingest(tmp_path / "out", hdf5_file(tmp_path / "a", rows, zeros=True))
    np.testing.assert_array_equal(outcome.events.counts, [1, 0, 1])
    np.testing.assert_array_equal(outcome.events.muons, muons[[0, 3]])
    assert [(row["row"], row["reason"]) for row in outcome.rejected] == [(2, "muon energy")]


@EXAMPLES
@given(tables(), st.integers(0, 2**64 - 100))
def test_an_event_table_keeps_its_values_and_ids(tmp_path, rows, first_id):
    events = as_events(rows, first_id)
    file = tmp_path / "any.name"
    write_events(file, events, "test")
    outcome = ingest(tmp_path / "out", file)
    assert_all_kept(outcome, rows, "events")
    assert all_bits(outcome.events) == all_bits(events)


@EXAMPLES
@given(tables(count=2), parquet_options, kinds, st.permutations(SCHEMA.names))
def test_an_event_table_written_again_by_others_is_one(tmp_path, rows, options, kind, order):
    """Nullable columns, other kinds of lists, another order, columns of their own."""
    events = as_events(rows)
    table = to_table(events)
    loose = {"of their own": pa.nulls(len(events))}
    for name in order:
        column = table[name].combine_chunks()
        if name.startswith("muon_"):
            column = _relisted(column, rows.offsets, kind)
        loose[name] = column
    file = tmp_path / "a"
    pq.write_table(pa.table(loose), file, **options)
    outcome = ingest(tmp_path / "out", file)
    assert_all_kept(outcome, rows, "events")
    assert_same_values(outcome.events, rows)
    assert bits(outcome.events.event_id) == bits(events.event_id)


def _relisted(column, offsets, kind):
    values = column.flatten()
    if kind == "fixed":
        return pa.FixedSizeListArray.from_arrays(values, 2)
    if kind == "large":
        return pa.LargeListArray.from_arrays(pa.array(offsets), values)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


@pytest.mark.parametrize("rows_per_group", [1, 60])
def test_columns_that_nobody_asked_for_change_nothing(tmp_path, rows_per_group):
    """Their types and values are never looked at, and neither is the order of columns."""
    rows = some_rows()
    table = muonitron_table(rows, Shape())
    table = table.append_column("comment", pa.array(["x" * 1000] * len(rows)))
    table = table.append_column("weights", pa.array([{"flux": [1.0]}] * len(rows)))
    file = tmp_path / "a.parquet"
    pq.write_table(table.select(sorted(table.column_names)), file, row_group_size=rows_per_group)
    outcome = ingest(tmp_path / "out", file)
    assert_all_kept(outcome, rows, "muonitron")
    assert_same_values(outcome.events, rows)


UNITS = {
    "mass": ("GeV", "mass number"),
    "depth_unit": ("m", "km"),
    "depth_kind": ("slant", "vertical"),
    "angle": ("rad", "degree"),
}


@settings(EXAMPLES, max_examples=20)
@given(tables(64, largest_id=2**53 - 1), st.tuples(*map(st.sampled_from, UNITS.values())))
@pytest.mark.parametrize("kind", ["muonitron", "hdf5"])
def test_the_same_showers_in_other_units_are_the_same(tmp_path, kind, rows, stated):
    stated = dict(zip(UNITS, stated, strict=True))
    numbers = np.maximum(np.rint(rows.primaries[:, 1] / ATOMIC_MASS_UNIT), 1)
    energy, _, zenith, depth = rows.primaries.T
    mass = np.where(numbers == 1, PROTON_MASS, numbers * ATOMIC_MASS_UNIT)
    depth = np.clip(depth, 50.1, 19_999)
    expected = np.column_stack([energy, mass, zenith, depth]).astype(np.float32)
    if stated["mass"] == "mass number":
        mass = numbers
    if stated["depth_unit"] == "km":
        depth = depth / 1000
    if stated["depth_kind"] == "vertical":
        depth = depth * np.cos(zenith)
    if stated["angle"] == "degree":
        zenith = np.degrees(zenith)
    primaries = np.column_stack([energy, mass, zenith, depth])
    rows = RawRows(0, rows.ids, primaries, rows.offsets, rows.muons)
    if kind == "hdf5":
        file = hdf5_file(tmp_path / "a", rows)
    else:
        file = muonitron_file(tmp_path / "a", rows, Shape(number=pa.float64()))
    outcome = ingest(tmp_path / "out", file, **stated)
    assert_all_kept(outcome, rows, kind)
    np.testing.assert_array_max_ulp(outcome.events.primaries, expected, 1)
    assert bits(outcome.events.muons) == bits(rows.muons.astype(np.float32))


def test_units_are_not_asked_of_event_tables(tmp_path):
    """They state their own, so that a mixed list of files can be read with one config."""
    rows = some_rows()
    file = event_table_file(tmp_path / "a", rows)
    outcome = ingest(tmp_path / "out", file, mass="mass number", depth_unit="km", angle="degree")
    assert_all_kept(outcome, rows, "events")
    assert_same_values(outcome.events, rows)
