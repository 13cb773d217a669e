"""Showers of another program: which count, which muons count, and what is said of a difference."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bundle_samples import DEPTHS, MASSES, draw_events, draw_primaries, make_events

import select_transfer
import transfer
from fastsim.bundles.config.simulate import Composition, SimulateConfig
from fastsim.bundles.events import read_events, write_events
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.bundles.transfer import independent_inside, muons_above
from fastsim.files import read_json

TRAINED = PrimaryRange((1e5, 0.938, 0.0, 1500.0), (1e6, 52.10, 1.0, 2000.0))
SIMULATION = SimulateConfig(energy_min=1e5, energy_max=1e6, zenith_max=45.0)


def test_the_range_is_that_of_the_simulation():
    found = select_transfer.trained_range(SIMULATION)
    assert found.least == (1e5, 0.938, 0.0, 1500.0)
    assert found.most == pytest.approx((1e6, 52.10, np.pi / 4, 2600.0))
    light = SIMULATION.model_copy(update={"composition": Composition(N=0, Al=0, Fe=0)})
    assert select_transfer.trained_range(light).most[1] == 3.73


def test_showers_inside_count_once_and_others_not_at_all():
    primaries = draw_primaries(400, 1)
    events = draw_events(primaries, 2)
    chosen = independent_inside(events, TRAINED, 1)
    inside = TRAINED.holds(primaries)
    assert 0 < inside.sum() < len(inside)
    np.testing.assert_array_equal(chosen.shower_id, np.unique(events.shower_id[inside]))
    assert TRAINED.holds(chosen.primaries).all()
    depths, counts = np.unique(chosen.primaries[:, 3], return_counts=True)
    assert tuple(depths) == DEPTHS
    assert counts.min() > 0.3 * len(chosen)
    assert (independent_inside(events, TRAINED, 2).event_id != chosen.event_id).any()


@given(
    st.lists(st.lists(st.floats(1.0, 1e4, width=32), max_size=4), min_size=1, max_size=5),
    st.floats(1.0, 1e4, width=32),
)
def test_muons_below_the_cut_are_taken_from_their_bundles(energies, least):
    events = make_events([[(energy, energy, -energy) for energy in bundle] for bundle in energies])
    kept = muons_above(events, least)
    wanted = [[energy for energy in bundle if energy >= least] for bundle in energies]
    assert kept.counts.tolist() == [len(bundle) for bundle in wanted]
    flat = [energy for bundle in wanted for energy in bundle]
    assert kept.muon_energy.tolist() == flat
    assert kept.muon_x.tolist() == flat
    assert kept.muon_y.tolist() == [-energy for energy in flat]
    np.testing.assert_array_equal(kept.event_id, events.event_id)


def run(monkeypatch, program, *arguments):
    monkeypatch.setattr(sys, "argv", [program.__name__, *map(str, arguments)])
    program.main()


def test_programs_measure_what_is_wrong_with_one_sample(tmp_path, monkeypatch):
    primaries = draw_primaries(3000, 11)
    write_events(tmp_path / "ingested.parquet", draw_events(primaries, 12), "test")
    table, selection = tmp_path / "events.parquet", tmp_path / "selection.json"
    simulation = ("--simulation", SIMULATION.model_dump_json(), "--seed", 5)
    places = ("--output", table, "--selection", selection)
    files = ("--events", tmp_path / "ingested.parquet")
    run(monkeypatch, select_transfer, *files, *simulation, *places)
    chosen = read_events(table)
    said = read_json(selection)
    assert (said["showers"], said["inside"]) == (3000, len(chosen))
    assert 500 < len(chosen) < 2500

    def write_other(name, seed, **changes):
        other = draw_events(chosen.primaries, seed, **changes)
        ids = (chosen.event_id, chosen.shower_id)
        other = type(other)(*ids, chosen.primaries, other.offsets, *other.muon_columns)
        write_events(tmp_path / name, other, "test")
        return tmp_path / name

    simulated = write_other("110.5.parquet", 13)
    models = [write_other("gan.parquet", 14), write_other("flow.parquet", 15, energy_scale=1.5)]
    found, page = tmp_path / "differences.json", tmp_path / "results.md"
    run(
        monkeypatch,
        transfer,
        *("--events", table, "--selection", selection, "--simulated", simulated),
        *("--models", *models, "--muon-energy-min", 30.0, "--classifier-repeats", 2),
        *("--differences", found, "--page", page),
    )
    figures = read_json(found)
    assert figures["inside"] == len(chosen)
    assert figures["muons"] == (chosen.muon_energy >= 30.0).sum()
    assert figures["muon_energy_min"] == 30.0
    like, gan, harder = figures["differences"]
    for sample in (like, gan):
        for key in ("mean_n", "energy", "radius"):
            assert abs(sample[key]["scale"]) < 4 * sample[key]["error"], (sample["name"], key)
    assert harder["energy"]["scale"] > 5 * harder["energy"]["error"] > 0
    rows = [line.split(" | ")[0] for line in page.read_text().splitlines() if "±" in line]
    assert rows == ["| Simulation, surface at 110.5 m", "| WGAN-GP", "| Neural spline flow"]


def test_no_shower_inside_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    primaries = np.array(draw_primaries(50, 1))
    primaries[:, 0] = 1e9
    write_events(tmp_path / "ingested.parquet", draw_events(primaries, 2), "test")
    outputs = [tmp_path / "events.parquet", tmp_path / "selection.json"]
    with pytest.raises(SystemExit) as stopped:
        run(
            monkeypatch,
            select_transfer,
            *("--events", tmp_path / "ingested.parquet"),
            *("--simulation", json.dumps({}), "--seed", 5),
            *("--output", outputs[0], "--selection", outputs[1]),
        )
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none of 100 rows is inside" in line
    assert "1e+04 to 1e+07 GeV, masses of 0.938 to 52.1 GeV (1 to 56 nucleons)" in line
    assert not any(path.exists() for path in outputs)


def test_masses_between_those_of_the_training_are_inside():
    carbon = np.float32([[2e5, 12 * 0.93149, 0.1, 1700.0]])
    assert MASSES.min() < carbon[0, 1] < MASSES.max()
    assert TRAINED.holds(carbon).all()
