"""The program that gives the verdict on all shards."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.events import read_events, write_events
from fastsim.bundles.ingest.shard import REJECTED_SCHEMA
from fastsim.files import write_json

PROGRAM = Path(__file__).parents[2] / "workflow" / "scripts" / "collect_quality.py"


class Shards:
    """What ``ingest`` leaves behind: two shards with 100 good rows, some outliers and rejected."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events = draw_events(draw_primaries(60, 1), 1)
        rows = np.arange(len(self.events))
        self.rows = [rows < 40, (rows >= 40) & (rows < 100)]
        self.outliers = [rows >= 115, (rows >= 110) & (rows < 115)]
        self.rejected = [["zenith"], ["zenith", "depth"]]
        self.warnings = [["a.h5: odd"], []]

    def write(self) -> list[str]:
        """Write the shards and return the program's arguments."""
        places = {name: [] for name in ("events", "rejected", "outliers", "quality")}
        for part, name in enumerate(("a.h5", "b.h5")):
            for place, paths in places.items():
                suffix = "json" if place == "quality" else "parquet"
                paths.append(self.folder / place / f"part-{part:04d}.{suffix}")
            write_events(places["events"][part], self.events.select(self.rows[part]), "ingest")
            outliers = self.events.select(self.outliers[part])
            write_events(places["outliers"][part], outliers, "ingest")
            self._write_rejected(places["rejected"][part], name, self.rejected[part])
            reasons = self.rejected[part]
            kept = int(self.rows[part].sum())
            file = {
                "format": "hdf5",
                "rows": kept + len(outliers) + len(reasons),
                "kept": kept,
                "outliers": len(outliers),
                "rejected": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
            }
            content = {"files": {name: file}, "warnings": self.warnings[part]}
            write_json(places["quality"][part], content)
        arguments = ["--events", *places.pop("events")]
        for name, paths in places.items():
            arguments += [f"--shard-{name}", *paths]
            suffix = "json" if name == "quality" else "parquet"
            arguments += [f"--{name}", self.folder / "all" / f"{name}.{suffix}"]
        return list(map(str, arguments))

    @staticmethod
    def _write_rejected(path: Path, name: str, reasons: list[str]) -> None:
        path.parent.mkdir(exist_ok=True)
        numbers = np.arange(len(reasons))
        columns = [
            pa.array([name] * len(reasons), pa.string()),
            pa.array(numbers.astype(np.uint64)),
            pa.array(reasons, pa.string()),
            pa.array([None] * len(reasons), pa.uint64()),
            *[pa.array(numbers.astype(np.float64))] * 4,
        ]
        pq.write_table(pa.Table.from_arrays(columns, schema=REJECTED_SCHEMA), path)

    @property
    def made(self) -> set[str]:
        return {path.name for path in (self.folder / "all").glob("*")}


@pytest.fixture
def shards(tmp_path):
    return Shards(tmp_path)


def run(monkeypatch, arguments):
    """Run the program and return its exit status."""
    monkeypatch.setattr(sys, "argv", [str(PROGRAM), *arguments])
    try:
        runpy.run_path(str(PROGRAM), run_name="__main__")
    except SystemExit as end:
        return end.code
    return 0


def stopped(monkeypatch, capsys, shards, arguments):
    """Return the one line with which the program ends; nothing may have been written."""
    assert run(monkeypatch, arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert shards.made == set()
    return lines[0]


def test_all_shards_as_one(monkeypatch, capsys, shards):
    assert run(monkeypatch, [*shards.write(), "--max-rejected-fraction", "0.03"]) == 0
    assert capsys.readouterr().err == "warning: a.h5: odd\n"
    assert shards.made == {"quality.json", "rejected.parquet", "outliers.parquet"}
    quality = json.loads((shards.folder / "all" / "quality.json").read_text())
    assert (quality["rows"], quality["kept"], quality["outliers"]) == (113, 100, 10)
    assert quality["rejected"] == {"zenith": 2, "depth": 1}
    assert quality["warnings"] == ["a.h5: odd"]
    rejected = pq.read_table(shards.folder / "all" / "rejected.parquet")
    assert rejected.schema.equals(REJECTED_SCHEMA)
    assert rejected.column("file").to_pylist() == ["a.h5", "b.h5", "b.h5"]
    assert rejected.column("reason").to_pylist() == ["zenith", "zenith", "depth"]
    outliers = read_events([shards.folder / "all" / "outliers.parquet"])
    expected = np.concatenate([shards.events.event_id[rows] for rows in shards.outliers])
    assert np.array_equal(outliers.event_id, expected)


def test_too_much_rejected(monkeypatch, capsys, shards):
    line = stopped(monkeypatch, capsys, shards, shards.write())
    assert "3 of 113 rows are rejected (2.65%); ingest.max_rejected_fraction allows 0.10%" in line
    assert "'zenith': not from 0 to less than 90 degrees (2 rows" in line


def test_nothing_kept(monkeypatch, capsys, shards):
    shards.rows = [np.zeros(len(shards.events), dtype=bool)] * 2
    line = stopped(monkeypatch, capsys, shards, [*shards.write(), "--max-rejected-fraction", "1"])
    assert "none of 13 rows in 2 files is kept" in line


def test_a_row_in_two_shards_counts_against_the_limit(monkeypatch, capsys, shards):
    """Few are told in a warning, many stop the run."""
    shards.rows[1] |= shards.rows[0] & (np.arange(len(shards.events)) < 3)
    shards.rejected = [[], []]
    arguments = [*shards.write(), "--max-rejected-fraction"]
    line = stopped(monkeypatch, capsys, shards, [*arguments, "0.02"])
    assert "3 rows repeat a row in another shard" in line
    assert "part-0000.parquet and " in line
    assert run(monkeypatch, [*arguments, "0.03"]) == 0
    quality = json.loads((shards.folder / "all" / "quality.json").read_text())
    assert [warning.split(" (")[0] for warning in quality["warnings"]] == [
        "a.h5: odd",
        "3 rows repeat a row in another shard",
    ]


@pytest.mark.parametrize("fraction", ["-0.1", "1.5", "nan"])
def test_a_share_that_is_none(monkeypatch, capsys, shards, fraction):
    arguments = [*shards.write(), f"--max-rejected-fraction={fraction}"]
    assert f"{fraction}: must be 0 to 1" in stopped(monkeypatch, capsys, shards, arguments)


@pytest.mark.parametrize("place", ["quality/part-0001.json", "rejected/part-0001.parquet"])
def test_a_broken_shard_is_named(monkeypatch, capsys, shards, place):
    arguments = [*shards.write(), "--max-rejected-fraction", "1"]
    (shards.folder / place).write_bytes(b"PAR1")
    assert run(monkeypatch, arguments) == 2
    assert place in capsys.readouterr().err.splitlines()[-1]
    assert shards.made == set()
