"""Export in the users' layouts: what the files hold, and ingest of an export."""

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fastsim.bundles.events import MUON_MASS, Events, read_events, write_events
from fastsim.bundles.export import WRITERS, write_hdf5, write_muonitron
from fastsim.data.ragged import offsets_of

MASSES = [0.938, 3.73, 13.05, 25.13, 52.10]
"""GeV, of p, He, N, Al and Fe."""


@st.composite
def event_tables(draw, max_events=12):
    """Draw any event table that ingest takes: ids of 64 bits, showers at several depths."""
    counts = draw(st.lists(st.sampled_from([0, 0, 1, 2, 7]), max_size=max_events))
    size, muons = len(counts), sum(counts)

    def floats(count, low, high, **options):
        values = st.floats(np.float32(low), np.float32(high), width=32)
        return draw(arrays.arrays(np.float32, count, elements=values, **options))

    showers = draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4, unique=True))
    shower_id = draw(st.lists(st.sampled_from(showers), min_size=size, max_size=size))
    mass = draw(st.lists(st.sampled_from(MASSES), min_size=size, max_size=size))
    primaries = [
        floats(size, 1e3, 1e9),
        np.array(mass, dtype=np.float32),
        floats(size, 0.0, 1.5),
        # one row a shower and depth
        floats(size, 500.0, 9000.0, unique=True),
    ]
    # no more than an iron nucleon at the least energy
    limits = ((MUON_MASS, 1e3 / 56), (-1e5, 1e5), (-1e5, 1e5))
    points = [floats(muons, low, high) for low, high in limits]
    return Events(
        np.arange(size, dtype=np.uint64),
        np.array(shower_id, dtype=np.uint64),
        np.column_stack(primaries),
        offsets_of(np.array(counts, dtype=np.int64)),
        *points,
    )


def cut(events, rows):
    """Return the events as blocks of ``rows``, as a table of several row groups gives them."""
    return [events.select(slice(i, i + rows)) for i in range(0, len(events), rows)]


def assert_equal_but_event_id(found, expected):
    for name in ("shower_id", "primaries", "offsets", "muons"):
        a, b = getattr(found, name), getattr(expected, name)
        assert a.dtype == b.dtype, name
        assert a.tobytes() == b.tobytes(), name


@settings(deadline=None, max_examples=60)
@given(events=event_tables(), rows=st.integers(1, 5))
def test_muonitron_parquet_holds_every_value(tmp_path_factory, events, rows):
    path = tmp_path_factory.mktemp("export") / "a.parquet"
    write_muonitron(path, cut(events, rows))
    table = pq.read_table(path)
    assert table.schema.types == [
        pa.uint64(),
        pa.uint64(),
        pa.list_(pa.float32()),
        pa.list_(pa.list_(pa.float32())),
    ]
    assert table["primary_major_id"].to_pylist() == [i >> 32 for i in events.shower_id.tolist()]
    assert table["primary_minor_id"].to_pylist() == [i % 2**32 for i in events.shower_id.tolist()]
    assert table["primary"].to_pylist() == events.primaries[:, [0, 2, 1, 3]].tolist()
    bundles = np.split(events.muons, events.offsets[1:-1]) if len(events) else []
    assert table["muons"].to_pylist() == [bundle.tolist() for bundle in bundles]
    assert pq.ParquetFile(path).num_row_groups == len(cut(events, rows))


@settings(deadline=None, max_examples=60)
@given(events=event_tables(), rows=st.integers(1, 5))
def test_hdf5_holds_every_value(tmp_path_factory, events, rows):
    path = tmp_path_factory.mktemp("export") / "a.h5"
    write_hdf5(path, cut(events, rows))
    with h5py.File(path) as file:
        primaries, muons, counts = (file[name] for name in ("primaries", "muons", "counts"))
        assert [data.maxshape[0] for data in (primaries, muons, counts)] == [None] * 3
        assert (primaries.shape[1], primaries.dtype, muons.shape[1], muons.dtype) == (
            7,
            "f8",
            6,
            "f8",
        )
        primaries, muons, counts = primaries[:], muons[:], counts[:]
    np.testing.assert_array_equal(counts, events.counts)
    for rows_of_file, shower_id in (
        (primaries, events.shower_id),
        (muons, np.repeat(events.shower_id, events.counts)),
    ):
        major, minor = rows_of_file[:, :2].astype(np.uint64).T
        np.testing.assert_array_equal(major << np.uint64(32) | minor, shower_id)
    np.testing.assert_array_equal(primaries[:, [2, 4, 3, 6]], events.primaries)
    np.testing.assert_array_equal(muons[:, 2:5], events.muons)
    assert not primaries[:, 5].any()
    assert not muons[:, 5].any()


@settings(deadline=None, max_examples=40)
@given(events=event_tables(), layout=st.sampled_from(sorted(WRITERS)))
def test_ingest_of_an_export_equals_the_original(run, tmp_path_factory, events, layout):
    folder = tmp_path_factory.mktemp("round")
    original, exported, ingested = (folder / name for name in ("events", "export", "ingested"))
    write_events(original, events, "test")
    assert run("export", "--events", original, "--layout", layout, "--output", exported) == 0
    others = [f"--{name}={folder / name}" for name in ("rejected", "outliers", "quality")]
    assert run("ingest", "--files", exported, "--output", ingested, *others) == 0
    found = read_events(ingested)
    assert_equal_but_event_id(found, events)
    assert len(np.unique(found.event_id)) == len(events)


@pytest.mark.parametrize("layout", WRITERS)
def test_a_broken_table_is_refused_and_leaves_nothing(run, tmp_path, capsys, layout):
    events = Events(
        np.arange(3, dtype=np.uint64),
        np.arange(3, dtype=np.uint64),
        np.ones((3, 4), np.float32),
        np.array([0, 1, 1, 2]),
        *np.array([[1, 0, 0], [-1, 0, 0]], np.float32).T,
    )
    bad = tmp_path / "bad.parquet"
    write_events(bad, events, "test")
    output = tmp_path / "out" / "a"
    assert run("export", "--events", bad, "--layout", layout, "--output", output) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {bad}: row 2: muon ")
    assert message.count("\n") == 1
    assert list(output.parent.iterdir()) == []


def test_blocks_are_written_as_they_come(tmp_path):
    """The writers hold no more than a block: the source is asked for the next one in between."""
    seen = []
    events = Events(
        np.zeros(1, np.uint64),
        np.zeros(1, np.uint64),
        np.ones((1, 4), np.float32),
        np.array([0, 200_000]),
        *np.random.default_rng(1).uniform(1, 2, (3, 200_000)).astype(np.float32),
    )

    def blocks(folder):
        for _ in range(3):
            seen.append(sum(path.stat().st_size for path in folder.iterdir()))
            yield events

    for layout, write in WRITERS.items():
        folder = tmp_path / layout
        folder.mkdir()
        seen.clear()
        write(folder / "a", blocks(folder))
        assert seen[0] < seen[1] < seen[2], layout
        assert seen[2] - seen[1] > 1e6, layout
