"""Ingest of broken rows: each is rejected with its reason, and nothing else is lost."""

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.ingest_files import Shape, ingest, muonitron_file

from fastsim.bundles.events import MUON_COLUMNS, SCHEMA
from fastsim.bundles.ingest.quality import REASONS
from fastsim.bundles.ingest.rows import RawRows
from fastsim.data.ragged import offsets_of


def _row(reason, **changes):
    """Return a MuoniTron row, good but for ``changes``."""
    usual = {
        "primary_major_id": 1,
        "primary": [1e5, 0.5, 13.05, 2000.0],
        "muons": [[100.0, 1.0, 2.0], [50.0, 0.0, -1.0]],
    }
    return reason, usual | changes


def _primary(reason, **changes):
    usual = {"energy": 1e5, "zenith": 0.5, "mass": 13.05, "depth": 2000.0} | changes
    return _row(reason, primary=list(usual.values()))


def _muon(reason, *muon):
    return _row(reason, muons=[[100.0, 1.0, 2.0], list(muon)])


NAN, INF = float("nan"), float("inf")
GOOD = _row(None)
MUONITRON_ROWS = [
    *[GOOD] * 10,
    _row(None, muons=[]),
    _row("null value", primary=None),
    _primary("null value", zenith=None),
    _row("null value", muons=None),
    _row("null value", muons=[[100.0, 1.0, 2.0], None]),
    _muon("null value", 100.0, None, 1.0),
    _row("shower id", primary_major_id=None),
    _row("shower id", primary_minor_id=None),
    _row("shower id", primary_major_id=-1),
    _row("primary length", primary=[1e5, 0.5, 13.05]),
    _row("primary length", primary=[]),
    _muon("muon length", 100.0, 1.0),
    _muon("muon length", 100.0, 1.0, 2.0, 3.0),
    _muon("muon length"),
    *(
        _primary("not finite", **{name: value})
        for name in ("energy", "zenith", "mass", "depth")
        for value in (NAN, INF, -INF)
    ),
    *(
        _muon("not finite", *np.where(np.arange(3) == place, value, 1.0).tolist())
        for place in range(3)
        for value in (NAN, INF, -INF)
    ),
    _primary("primary energy", energy=99.0),
    _primary("primary energy", energy=0.0),
    _primary("primary energy", energy=-1e5),
    _primary("primary energy", energy=2e12),
    _primary("primary mass", mass=0.0),
    _primary("primary mass", mass=-13.05),
    _primary("primary mass", mass=0.1057),
    _primary("primary mass", mass=14.0),
    _primary("primary mass", mass=400 * 0.9315),
    _primary("zenith", zenith=-0.1),
    _primary("zenith", zenith=1.5708),
    _primary("zenith", zenith=30.0),
    _primary("depth", depth=2.0),
    _primary("depth", depth=-2000.0),
    _primary("depth", depth=2e5),
    _muon("muon energy", 0.0, 1.0, 2.0),
    _muon("muon energy", -1.0, 1.0, 2.0),
    # total energies: the muon's mass is 0.10566 GeV
    _muon("muon energy", 0.1056, 1.0, 2.0),
    # a nucleon of the primary has 7,143 GeV
    _muon("muon energy", 7200.0, 1.0, 2.0),
    _muon("muon position", 1.0, 1.01e5, 2.0),
    _muon("muon position", 1.0, 1.0, -1.01e5),
    _row("duplicate", primary_minor_id=0),
    _row("duplicate", primary_minor_id=0, muons=[]),
    _muon(None, 0.125, 1.0, 2.0),
    # the rows rejected above do not count as seen
    _row(None, primary_major_id=2, primary=[2e5, 0.5, 13.05, 2000.0]),
    # above the nucleons of the other primaries, not above its own
    _row(None, primary=[2e5, 0.5, 13.05, 2000.0], muons=[[1.4e4, 1.0, 2.0]]),
    *[GOOD] * 40,
]


def muonitron_rows():
    """Return the rows as the file has them; minor ids are row numbers unless said otherwise."""
    return [{"primary_minor_id": number} | row for number, (_, row) in enumerate(MUONITRON_ROWS)]


SCHEMA_OF_ROWS = pa.schema(
    [
        ("primary_major_id", pa.int64()),
        ("primary_minor_id", pa.int64()),
        ("primary", pa.list_(pa.float64())),
        ("muons", pa.list_(pa.list_(pa.float32()))),
    ]
)


def assert_reasons(outcome, file, reasons):
    """The rejected rows and the counts are those of ``reasons``, by row, None for what is kept."""
    assert outcome.status == 0, outcome.errors
    expected = [(str(file), row, reason) for row, reason in enumerate(reasons) if reason]
    found = [(row["file"], row["row"], row["reason"]) for row in outcome.rejected]
    assert found == expected
    counts = outcome.quality["files"][str(file)]
    assert counts["rejected"] == {
        reason: reasons.count(reason) for reason in REASONS if reason in reasons
    }
    assert counts["rows"] == len(reasons)
    assert counts["kept"] == reasons.count(None) == len(outcome.events)
    assert counts["rows"] == counts["kept"] + counts["outliers"] + sum(counts["rejected"].values())


@pytest.mark.parametrize("rows_per_group", [7, 1000])
def test_every_broken_row_is_rejected_with_its_reason_and_no_other(tmp_path, rows_per_group):
    file = tmp_path / "a"
    rows = muonitron_rows()
    table = pa.Table.from_pylist(rows, SCHEMA_OF_ROWS)
    pq.write_table(table, file, row_group_size=rows_per_group)
    outcome = ingest(tmp_path / "out", file)
    assert_reasons(outcome, file, [reason for reason, _ in MUONITRON_ROWS])
    for rejected in outcome.rejected:
        row = rows[rejected["row"]]
        stated = row["primary"] or []
        if len(stated) == 4 and None not in stated:
            names = ("primary_energy", "zenith", "primary_mass", "slant_depth")
            np.testing.assert_equal([rejected[name] for name in names], stated)
        ids = row["primary_major_id"], row["primary_minor_id"]
        known = all(number is not None and number >= 0 for number in ids)
        assert rejected["shower_id"] == (ids[0] << 32 | ids[1] if known else None)
    kept = [row for row, (reason, _) in zip(rows, MUONITRON_ROWS, strict=True) if not reason]
    np.testing.assert_array_equal(outcome.events.counts, [len(row["muons"]) for row in kept])
    # nothing of the rejected rows has slipped into their neighbours
    assert outcome.events.muons.tolist() == [muon for row in kept for muon in row["muons"]]


def test_broken_rows_of_fixed_size_lists_are_rejected(tmp_path):
    """A null list of fixed size still takes its place among the values."""
    kinds = [pa.list_(pa.float64(), 4), pa.list_(pa.list_(pa.float32(), 3))]
    rows = [
        ([1e5, 0.5, 13.05, 2000.0], [[100.0, 1.0, 2.0]]),
        (None, [[200.0, 1.0, 2.0]]),
        ([2e5, 0.5, 13.05, 2000.0], [[300.0, 1.0, 2.0], None]),
        ([3e5, 0.5, 13.05, 2000.0], None),
        ([4e5, 0.5, 13.05, 2000.0], [[400.0, 1.0, 2.0], [500.0, None, 2.0]]),
        ([5e5, 0.5, 13.05, 2000.0], [[600.0, 1.0, 2.0]]),
    ]
    table = {"primary_major_id": range(6), "primary_minor_id": range(6)}
    table |= {
        name: pa.array(column, kind)
        for name, column, kind in zip(
            ("primary", "muons"), zip(*rows, strict=True), kinds, strict=True
        )
    }
    file = tmp_path / "a"
    pq.write_table(pa.table(table), file)
    outcome = ingest(tmp_path / "out", file)
    assert_reasons(outcome, file, [None, *["null value"] * 4, None])
    assert outcome.events.muons.tolist() == [[100.0, 1.0, 2.0], [600.0, 1.0, 2.0]]


HDF5_ROWS = [
    (None, {}),
    ("shower id", {"major": -1.0}),
    ("shower id", {"major": 0.5}),
    ("shower id", {"minor": NAN}),
    ("shower id", {"minor": INF}),
    ("shower id", {"minor": 2.0**53}),
    (None, {"minor": 2.0**53 - 1}),
    ("muon ids", {"muon_minor": 77.0}),
    ("muon ids", {"muon_minor": NAN}),
    *(("not finite", {name: NAN}) for name in ("energy", "zenith", "mass", "depth")),
    *(("not finite", {name: INF}) for name in ("muon_energy", "x", "y")),
    ("primary energy", {"energy": -1.0}),
    ("primary mass", {"mass": 1.0}),
    ("zenith", {"zenith": 2.0}),
    ("depth", {"depth": 1.5}),
    ("muon energy", {"muon_energy": -5.0}),
    ("muon energy", {"muon_energy": 0.0}),
    ("muon position", {"x": 2e5}),
    ("duplicate", {"minor": 0.0}),
    *[(None, {})] * 20,
]


def test_every_broken_row_of_hdf5_is_rejected_with_its_reason(tmp_path):
    primaries, muons = [], []
    for number, (_, changes) in enumerate(HDF5_ROWS):
        row = {"major": 3.0, "minor": float(number), "energy": 1e5, "zenith": 0.5, "mass": 3.73}
        row |= {"time": 0.0, "depth": 2000.0, "muon_energy": 10.0, "x": 1.0, "y": 2.0} | changes
        primaries.append([row[k] for k in ("major", "minor", "energy", "zenith", "mass", "time")])
        primaries[-1].append(row["depth"])
        minor = row.get("muon_minor", row["minor"])
        muons.append([row["major"], minor, row["muon_energy"], row["x"], row["y"], 0.0])
        muons.append([row["major"], row["minor"], 20.0, 1.0, 2.0, 0.0])
    file = tmp_path / "a"
    with h5py.File(file, "w") as opened:
        opened["primaries"], opened["muons"] = np.array(primaries), np.array(muons)
        opened["counts"] = np.full(len(primaries), 2)
    assert_reasons(ingest(tmp_path / "out", file), file, [reason for reason, _ in HDF5_ROWS])


EVENT_ROWS = [
    (None, {}),
    ("shower id", {"event_id": None}),
    ("shower id", {"shower_id": None}),
    *(("null value", {name: None}) for name in SCHEMA.names[2:]),
    ("null value", {"muon_x": [1.0, None]}),
    ("muon length", {"muon_x": [1.0]}),
    ("muon length", {"muon_y": [1.0, 2.0, 3.0]}),
    ("muon length", {"muon_energy": []}),
    *(("not finite", {name: NAN}) for name in SCHEMA.names[2:6]),
    *(("not finite", {name: [1.0, -INF]}) for name in MUON_COLUMNS),
    ("primary energy", {"primary_energy": 1.0}),
    ("primary mass", {"primary_mass": 4.0}),
    ("zenith", {"zenith": -1e-6}),
    ("depth", {"slant_depth": 49.0}),
    ("muon energy", {"muon_energy": [1.0, -1.0]}),
    ("muon position", {"muon_x": [1.0, 3e5]}),
    ("duplicate", {"event_id": 0}),
    ("duplicate", {"shower_id": 0}),
    (None, {"shower_id": 0, "slant_depth": 2500.0}),
    *[(None, {})] * 20,
]


def test_every_broken_row_of_an_event_table_is_rejected_with_its_reason(tmp_path):
    usual = {"primary_energy": 1e5, "primary_mass": 3.73, "zenith": 0.5, "slant_depth": 2000.0}
    usual |= {name: [10.0, 5.0] for name in MUON_COLUMNS}
    rows = [
        {"event_id": number, "shower_id": number} | usual | changes
        for number, (_, changes) in enumerate(EVENT_ROWS)
    ]
    schema = pa.schema(
        [
            (name, pa.list_(pa.float32()) if name in MUON_COLUMNS else SCHEMA.field(name).type)
            for name in SCHEMA.names
        ]
    )
    file = tmp_path / "a"
    pq.write_table(pa.Table.from_pylist(rows, schema), file, row_group_size=9)
    assert_reasons(ingest(tmp_path / "out", file), file, [reason for reason, _ in EVENT_ROWS])


def test_the_cases_reach_every_reason():
    cases = [*MUONITRON_ROWS, *HDF5_ROWS, *EVENT_ROWS]
    assert {reason for reason, _ in cases} == {None, *REASONS}


def test_without_ids_the_same_content_is_a_duplicate_and_nothing_less(tmp_path):
    """Rows of one primary and depth with other muons are two rows of one shower."""
    primary = [1e5, 0.5, 13.05, 2000.0]
    muons = [[[5.0, 1.0, 1.0], [6.0, 2.0, 2.0]], [], [[5.0, 1.0, 1.0]]]
    bundles = [*muons, muons[0][::-1], muons[0], muons[1]]
    table = pa.table(
        {
            "primary": [primary] * len(bundles),
            "muons": pa.array(bundles, pa.list_(pa.list_(pa.float64()))),
        }
    )
    file = tmp_path / "a"
    pq.write_table(table, file)
    outcome = ingest(tmp_path / "out", file)
    assert_reasons(outcome, file, [None] * 4 + ["duplicate"] * 2)
    assert len(np.unique(outcome.events.event_id)) == 4
    assert len(np.unique(outcome.events.shower_id)) == 1
    assert {row["shower_id"] for row in outcome.rejected} == {None}


def test_repeated_rows_are_found_across_files_and_blocks(tmp_path):
    """Many blocks (row groups), two files, and repeats of rows seen long before."""
    rng = np.random.default_rng(5)
    shower = rng.integers(0, 400, 1000)
    rows = RawRows(
        0,
        np.column_stack([np.zeros(1000), shower]).astype(np.uint64),
        np.tile([1e5, 13.05, 0.5, 2000.0], (1000, 1)),
        offsets_of(np.zeros(1000, dtype=np.int64)),
        np.empty((0, 3), np.float32),
    )
    halves = [
        RawRows(0, rows.ids[part], rows.primaries[part], rows.offsets[:501], rows.muons)
        for part in (slice(0, 500), slice(500, 1000))
    ]
    files = [
        muonitron_file(tmp_path / name, half, Shape(options={"row_group_size": 17}))
        for name, half in zip("ab", halves, strict=True)
    ]
    outcome = ingest(tmp_path / "out", files)
    _, first = np.unique(shower, return_index=True)
    expected = shower[np.sort(first)]
    np.testing.assert_array_equal(outcome.events.shower_id, expected)
    assert len(outcome.rejected) == 1000 - len(first)
