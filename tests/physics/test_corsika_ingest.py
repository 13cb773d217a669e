"""The CORSIKA files as a user's own showers: what the reader and the ingest make of them."""

import json
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from corsikaio import CorsikaParticleFile

import ingest
from fastsim.airshower.corsika_file import read_showers
from fastsim.bundles.events import read_events
from fastsim.bundles.primaries import mass_number
from tests.physics.corsika import FOLDER

FILES = {
    "DAT000001": (14, 50),
    "DAT000003": (14, 50),
    "DAT000005": (14, 50),
    "DAT000010": (402, 25),
    "DAT000012": (402, 25),
    "DAT000022": (1206, 5),
    "DAT000030": (2814, 5),
    "DAT000040": (5426, 5),
}
"""Code of the primary and number of showers, as the README beside the files has them."""
SHOWERS = sum(showers for _, showers in FILES.values())
MASS_NUMBERS = {14: 1, 402: 4, 1206: 12, 2814: 28, 5426: 54}

pytestmark = pytest.mark.skipif(
    not all((FOLDER / name).exists() for name in FILES), reason="the CORSIKA files are not there"
)


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_what_its_readme_says(name):
    code, count = FILES[name]
    showers = list(read_showers(FOLDER / name))
    assert [shower.event for shower in showers] == list(range(1, count + 1))
    assert {shower.run for shower in showers} == {int(name.removeprefix("DAT"))}
    assert {shower.primary_code for shower in showers} == {code}
    assert {shower.energy_cut for shower in showers} == {1000.0}
    energies = np.array([shower.energy for shower in showers])
    assert ((energies >= 1e4) & (energies <= 1e9)).all()


@pytest.mark.parametrize("name", FILES)
def test_the_muons_are_those_that_corsikaio_reads(name):
    with CorsikaParticleFile(FOLDER / name) as file:
        for event, shower in zip(file, read_showers(FOLDER / name), strict=True):
            kind = event.particles["particle_description"].astype(np.int64) // 1000
            rows = event.particles[(kind == 5) | (kind == 6)]
            assert len(rows) == event.end["n_muons_written"]
            wanted = np.column_stack([rows[column] for column in ("px", "py", "pz", "x", "y")])
            np.testing.assert_array_equal(shower.muons[:, :3], wanted[:, :3])
            np.testing.assert_allclose(shower.muons[:, 3:], wanted[:, 3:] / 100.0, rtol=1e-6)


def test_muons_go_down_and_away_from_the_axis_like_their_primary():
    """The third momentum is positive downwards; momenta and places have the same x and y."""
    muons = np.concatenate([s.muons for name in FILES for s in read_showers(FOLDER / name)])
    with CorsikaParticleFile(FOLDER / "DAT000001") as file:
        header = next(file).header
    assert (header["momentum_x"], header["momentum_y"]) == (0.0, 0.0)
    assert header["momentum_minus_z"] == pytest.approx(header["total_energy"])
    assert (muons[:, 2] > 0).all()
    slopes = muons[:, :2] / muons[:, 2:3]
    for i in (0, 1):
        # scattering and decays far up blur the straight way from the axis but little
        assert np.corrcoef(muons[:, 3 + i], slopes[:, i])[0, 1] > 0.5
        assert abs(np.corrcoef(muons[:, 3 + i], slopes[:, 1 - i])[0, 1]) < 0.1


def run_ingest(folder, monkeypatch, *flags, names=tuple(FILES)):
    outputs = [folder / name for name in ("part.parquet", "rejected.parquet", "outliers.parquet")]
    places = zip(("--output", "--rejected", "--outliers"), map(str, outputs), strict=True)
    arguments = ["ingest.py", "--files", *(str(FOLDER / name) for name in names)]
    arguments += [word for pair in places for word in pair]
    arguments += ["--quality", str(folder / "quality.json"), *flags]
    monkeypatch.setattr(sys, "argv", arguments)
    ingest.main()
    return outputs


def test_the_ingest_makes_an_event_table_of_them(tmp_path, monkeypatch):
    depths = [3270.0, 3600.0, 4000.0]
    events_file, rejected, outliers = run_ingest(
        tmp_path, monkeypatch, "--slant-depths", str(depths)
    )
    events = read_events(events_file)
    assert len(events) == SHOWERS * len(depths)
    assert pq.read_metadata(rejected).num_rows == pq.read_metadata(outliers).num_rows == 0
    quality = json.loads((tmp_path / "quality.json").read_text())
    assert quality["warnings"] == []
    for name, (code, count) in FILES.items():
        run = int(name.removeprefix("DAT"))
        own = events.select(events.shower_id >> np.uint64(32) == run)
        assert len(np.unique(own.shower_id)) == count
        assert (mass_number(own.primaries[:, 1]) == MASS_NUMBERS[code]).all()
        assert quality["files"][str(FOLDER / name)] == {
            "format": "corsika",
            "rows": count * len(depths),
            "kept": count * len(depths),
            "outliers": 0,
            "rejected": {},
        }
    counts = events.counts.reshape(SHOWERS, len(depths))
    assert (np.diff(counts, axis=1) <= 0).all()
    assert counts[:, 0].sum() > counts[:, 2].sum() > 1000


def test_a_file_gives_the_same_rows_in_any_shard(tmp_path, monkeypatch):
    depths = ["--slant-depths", "[3270, 4000]"]
    shards = []
    for names in (["DAT000022"], ["DAT000030", "DAT000022"]):
        folder = tmp_path / str(len(names))
        folder.mkdir()
        part, _, _ = run_ingest(folder, monkeypatch, *depths, names=names)
        events = read_events(part)
        shards.append(events.select(events.shower_id >> np.uint64(32) == 22))
    alone, beside = shards
    assert len(alone.muons) > 100
    for name in ("event_id", "shower_id", "primaries", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(beside, name))


def test_depths_that_the_energy_cut_does_not_allow_end_with_those_that_it_does(
    tmp_path, monkeypatch, capsys
):
    with pytest.raises(SystemExit) as stopped:
        run_ingest(tmp_path, monkeypatch)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(FOLDER / "DAT000001") in line
    assert "ingest.slant_depths must start at 3270 or deeper, for instance [3270, 3370" in line
    assert list(tmp_path.iterdir()) == []
