"""The simulate program: shards, seeds, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fastsim.bundles.events import read_events

SCRIPT = Path(__file__).parents[2] / "workflow/scripts/simulate.py"
DEPTHS = [1500.0, 2000.0]
FLAGS = [
    *("--energy-max", "1e6", "--slant-depths", str(DEPTHS), "--seed", "7"),
    *("--zenith-max", "75"),
]


def run(output, first, count, *flags):
    return subprocess.run(
        [
            *(sys.executable, str(SCRIPT), "--output", str(output)),
            *("--first-shower", str(first), "--shower-count", str(count), *flags),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--slant-depths", "[2000, 1500]"], "slant_depths = [2000, 1500]: must increase"),
        (["--slant-depths", "[50]"], "slant_depths.0"),
        (["--energy-min", "1e8"], "energy_max must be above energy_min"),
        (["--composition", "{p: 0, He: 0, N: 0, Al: 0, Fe: 0}"], "composition"),
        (["--composition", "{Ar: 1}"], "Ar"),
        (["--zenith-max", "85"], "zenith_max"),
        (["--seed", "-1"], "seed"),
        (["--shower-count", "0"], "--shower-count"),
        (["--first-shower", "-1"], "--first-shower"),
    ],
)
def test_bad_flags_end_with_one_line_and_no_file(tmp_path, monkeypatch, capsys, flags, message):
    import simulate

    output = tmp_path / "part-0000.parquet"
    usual = ["--first-shower", "0", "--shower-count", "1", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["simulate.py", *usual, *flags])
    with pytest.raises(SystemExit) as stopped:
        simulate.main()
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_shards_hold_the_same_showers_bit_for_bit(tmp_path):
    whole = tmp_path / "whole.parquet"
    halves = [tmp_path / "part-0000.parquet", tmp_path / "part-0001.parquet"]
    results = [
        run(whole, 0, 16, *FLAGS),
        run(halves[1], 8, 8, *FLAGS),
        run(halves[0], 0, 8, *FLAGS),
    ]
    assert [r.returncode for r in results] == [0, 0, 0], results
    # nothing but progress on the console
    assert {r.stdout for r in results} == {""}
    assert all(line.startswith("simulate ") for r in results for line in r.stderr.splitlines())

    together, apart = read_events(whole), read_events(halves)
    for name in ("event_id", "shower_id", "primaries", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(together, name), getattr(apart, name))
    assert together.counts.sum() > 0

    np.testing.assert_array_equal(together.event_id, np.arange(32))
    np.testing.assert_array_equal(together.shower_id, np.repeat(np.arange(16), 2))
    np.testing.assert_array_equal(together.primaries[:, 3], np.tile(DEPTHS, 16))
    assert len(np.unique(together.primaries[:, 0])) == 16
    metadata = pq.read_schema(whole).metadata
    assert metadata[b"seed"] == b"7"
    assert metadata[b"producer"] == b"simulate"


@pytest.mark.slow
def test_another_seed_gives_other_showers(tmp_path):
    outputs = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for output, seed in zip(outputs, ("7", "8"), strict=True):
        assert run(output, 0, 2, *FLAGS, "--seed", seed).returncode == 0
    a, b = (read_events(output) for output in outputs)
    assert not np.isin(a.primaries[:, 0], b.primaries[:, 0]).any()


@pytest.mark.slow
def test_another_hadronic_model_meets_the_same_primaries_with_other_muons(tmp_path):
    found = {}
    for name in ("sibyll23d", "sibyll23e", "sibyll21"):
        result = run(tmp_path / name, 0, 60, *FLAGS, "--hadronic-model", name)
        assert result.returncode == 0, result.stderr
        found[name] = read_events(tmp_path / name)
    usual, *others = found.values()
    for other in others:
        np.testing.assert_array_equal(usual.primaries, other.primaries)
        assert (usual.counts != other.counts).any()
        # releases differ by some per cent
        assert other.counts.sum() == pytest.approx(usual.counts.sum(), rel=0.5)
