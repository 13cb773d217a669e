"""Showers of CORSIKA as rows: masses, depths, ids, randomness, and what is refused."""

import math

import numpy as np
import pytest
from tests.unit import corsika_files as dat

from fastsim.airshower import corsika
from fastsim.airshower.corsika import nucleus_mass, read_corsika
from fastsim.airshower.primaries import NUCLEI
from fastsim.airshower.underground import surface_threshold
from fastsim.bundles.config.ingest import IngestConfig
from fastsim.bundles.ingest.quality import REASONS
from fastsim.bundles.primaries import mass_number
from fastsim.errors import InputError
from fastsim.settings import parse

DEPTHS = (1500.0, 1700.0, 2500.0)


def one_shower(tmp_path, rows, depths=DEPTHS, seed=1, least=0.0, **words):
    path = dat.write(tmp_path / "DAT", dat.shower(rows, **words))
    (block,) = read_corsika(path, depths, seed, least)
    return block


def bundles(rows):
    return np.split(rows.muons, rows.offsets[1:-1])


@pytest.mark.parametrize(
    ("code", "mass", "nucleons"),
    [
        (14, NUCLEI["p"].mass, 1),
        (402, NUCLEI["He"].mass, 4),
        (1407, NUCLEI["N"].mass, 14),
        (2713, NUCLEI["Al"].mass, 27),
        (5626, NUCLEI["Fe"].mass, 56),
        (5426, pytest.approx(54 * 0.93149), 54),
        (1206, pytest.approx(12 * 0.93149), 12),
        (201, pytest.approx(2 * 0.93149), 2),
    ],
)
def test_masses_of_nuclei_are_those_of_the_simulation(code, mass, nucleons):
    assert nucleus_mass(float(code)) == mass
    assert mass_number(nucleus_mass(float(code))) == nucleons


@pytest.mark.parametrize(
    "code", [0, 1, 5, 13, 15, 75, 101, 199, 402.5, 405, 1200, 10026, -402, np.nan]
)
def test_other_primaries_have_no_mass(code):
    assert nucleus_mass(float(code)) == 0.0


def mixed_showers(count=9):
    """Return the blocks of showers of several primaries, with muons from 300 GeV to 100 TeV."""
    showers = []
    for event in range(1, count + 1):
        rng = np.random.default_rng(event)
        zenith, azimuth = rng.uniform(0, 1.0), rng.uniform(-3, 3)
        momentum = dat.direction(zenith, azimuth) * 10 ** rng.uniform(2.5, 5, (7 * (event % 4), 1))
        rows = dat.particles(dat.MU_PLUS, momentum, rng.normal(0, 500, (len(momentum), 2)))
        primary = (dat.PROTON, dat.HELIUM, dat.IRON)[event % 3]
        words = {"particle_id": primary, "zenith": zenith, "azimuth": azimuth, "run_number": 12}
        showers.append(dat.shower(rows, event=event, total_energy=1e5 * event, **words))
    return showers


def test_a_shower_gives_a_row_at_each_depth(tmp_path):
    (rows,) = read_corsika(dat.write(tmp_path / "DAT", *mixed_showers()), DEPTHS, 1)
    assert rows.first_row == 0
    np.testing.assert_array_equal(rows.ids, [[12, event] for event in range(1, 10) for _ in DEPTHS])
    np.testing.assert_array_equal(rows.primaries[:, 3], np.tile(DEPTHS, 9))
    np.testing.assert_array_equal(rows.primaries[:, 0], np.repeat(1e5 * np.arange(1, 10), 3))
    np.testing.assert_array_equal(rows.primaries[:3, 1], NUCLEI["He"].mass)
    assert (rows.primaries[:, 2] < math.pi / 2).all()
    assert not any(fault.any() for fault in rows.faults.values())
    # muons are lost on the way, and a shower without any left keeps its rows
    counts = np.diff(rows.offsets).reshape(9, 3)
    assert (np.diff(counts, axis=1) <= 0).all()
    assert counts[:, 0].sum() > counts[:, 2].sum() > 0
    assert (counts == 0).all(axis=1).any()
    assert (rows.muons[:, 0] > 0).all()


def test_blocks_cut_the_rows_without_changing_them(tmp_path, monkeypatch):
    path = dat.write(tmp_path / "DAT", *mixed_showers())
    (whole,) = read_corsika(path, DEPTHS, 1)
    for limit in ("ROWS_PER_BLOCK", "MUONS_PER_BLOCK"):
        with monkeypatch.context() as patched:
            patched.setattr(corsika, limit, 10)
            blocks = list(read_corsika(path, DEPTHS, 1))
        assert len(blocks) > 2
        ends = np.cumsum([len(block) for block in blocks])
        assert [block.first_row for block in blocks] == [0, *ends[:-1]]
        for name in ("ids", "primaries", "muons"):
            np.testing.assert_array_equal(
                np.concatenate([getattr(block, name) for block in blocks]), getattr(whole, name)
            )
        counts = np.concatenate([np.diff(block.offsets) for block in blocks])
        np.testing.assert_array_equal(counts, np.diff(whole.offsets))


def test_a_shower_does_not_depend_on_its_file(tmp_path):
    showers = mixed_showers()
    (together,) = read_corsika(dat.write(tmp_path / "all", *showers), DEPTHS, 5)
    for number in (2, 6):
        (alone,) = read_corsika(dat.write(tmp_path / "one", showers[number]), DEPTHS, 5)
        rows = slice(3 * number, 3 * number + 3)
        np.testing.assert_array_equal(alone.ids, together.ids[rows])
        for found, wanted in zip(bundles(alone), bundles(together)[rows], strict=True):
            assert len(wanted) > 0
            np.testing.assert_array_equal(found, wanted)


def test_seed_run_and_event_decide_the_way_through_the_ice(tmp_path):
    rows = dat.particles(dat.MU_PLUS, np.full((20, 3), 1e5) * (0, 0, 1), np.zeros((20, 2)))

    def places(seed=1, **words):
        return one_shower(tmp_path, rows, seed=seed, **words).muons[:, 1]

    np.testing.assert_array_equal(places(), places())
    for other in ({"seed": 2}, {"event": 2}, {"run_number": 2}):
        assert not np.isin(places(), places(**other)).any(), other


def test_muons_that_cannot_arrive_change_nothing(tmp_path):
    many = mixed_showers(1)[0][1][: 7 * 4 * 7]
    rows = np.frombuffer(many, np.float32).reshape(-1, 7)
    # some of them up again
    momentum = np.random.default_rng(1).normal(0, 50, (500, 3))
    slow = dat.particles(dat.MU_PLUS, momentum, np.ones((500, 2)))
    words = {"event": 3, "zenith": 0.1}
    alone = one_shower(tmp_path, rows, **words)
    assert len(alone.muons) > 0
    beside = one_shower(tmp_path, np.concatenate([slow, rows]), **words)
    np.testing.assert_array_equal(beside.muons, alone.muons)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"particle_id": 1}, "primary mass"),
        ({"particle_id": np.nan}, "primary mass"),
        ({"zenith": 2.0}, "zenith"),
        ({"zenith": math.pi / 2}, "zenith"),
        ({"zenith": -0.1}, "zenith"),
        ({"zenith": np.nan}, "zenith"),
        ({"azimuth": np.inf}, "not finite"),
    ],
)
def test_a_shower_that_cannot_be_used_has_a_reason(tmp_path, words, reason):
    rows = dat.particles(dat.MU_PLUS, (0.0, 0.0, 1e5), (0.0, 0.0))
    path = dat.write(
        tmp_path / "DAT", dat.shower(rows, event=1, **words), dat.shower(rows, event=2)
    )
    (found,) = read_corsika(path, DEPTHS, 1)
    assert reason in REASONS
    assert found.faults[reason].tolist() == [True] * 3 + [False] * 3
    assert np.diff(found.offsets).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("column", range(1, 6))
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_muon_that_is_no_number_spoils_its_shower(tmp_path, column, value):
    rows = dat.particles(dat.MU_PLUS, [(0.0, 0.0, 1e5)] * 3, [(0.0, 0.0)] * 3)
    rows[1, column] = value
    found = one_shower(tmp_path, rows)
    assert found.faults["not finite"].all()
    assert len(found.muons) == 0


@pytest.mark.parametrize(
    ("words", "momentum"),
    [({}, (0.0, 0.0, -1e5)), ({"zenith": 1.2, "azimuth": 0.0}, (-1e5, 0.0, 2e4))],
)
def test_muons_against_the_axis_are_told(tmp_path, words, momentum):
    rows = dat.particles(dat.MU_PLUS, momentum, (0.0, 0.0))
    with pytest.raises(InputError, match=r"shower 1: a muon of 1\S+ GeV runs against the shower"):
        one_shower(tmp_path, rows, **words)


@pytest.mark.parametrize(
    "words",
    [
        {"energy_cutoff_muons": 1000.0},
        {"energy_cutoff_hadrons": 1000.0},
        {"energy_cutoff_muons": 1000.0, "zenith": 0.3, "theta_max": 60.0},
        {"energy_cutoff_muons": 1000.0, "zenith": 1.0},
    ],
)
def test_an_energy_cut_that_leaves_gaps_names_the_depth_that_would_do(tmp_path, words):
    with pytest.raises(InputError, match="missing, which leaves gaps at") as raised:
        one_shower(tmp_path, None, IngestConfig().slant_depths, **words)
    message = str(raised.value)
    assert "\n" not in message
    assert "below 1000 GeV" in message
    depth = float(message.split("ingest.slant_depths must start at ")[1].split()[0])
    assert f"for instance [{depth:g}, " in message
    assert len(one_shower(tmp_path, None, (depth,), **words)) == 1
    with pytest.raises(InputError, match=f"start at {depth:g} or deeper"):
        one_shower(tmp_path, None, (depth - 10.0,), **words)
    # no muon that the cut took away could have arrived
    steepest = math.radians(words.get("theta_max", 0.0))
    cosine = math.cos(max(words.get("zenith", 0.0), steepest))
    assert surface_threshold(depth, cosine) >= 1000.1


@pytest.mark.parametrize("depths", [(1500.0, 2000.0), (2600.0,)])
def test_an_energy_cut_names_the_energy_at_depth_that_would_do(tmp_path, depths):
    words = {"energy_cutoff_muons": 1000.0}
    with pytest.raises(InputError, match="leaves gaps at") as raised:
        one_shower(tmp_path, None, depths, **words)
    energy = float(str(raised.value).split("ingest.muon_energy_min be ")[1].split()[0])
    assert len(one_shower(tmp_path, None, depths, least=energy, **words)) == len(depths)
    with pytest.raises(InputError, match=f"be {energy:g} or more"):
        one_shower(tmp_path, None, depths, least=energy - 10.0, **words)


def test_muons_of_little_energy_at_depth_are_left_out_there(tmp_path):
    path = dat.write(tmp_path / "DAT", *mixed_showers())
    (everything,), (energetic,) = (read_corsika(path, DEPTHS, 1, least) for least in (0.0, 2e3))
    whole, part = (np.sort(rows.muons[:, 0]) for rows in (everything, energetic))
    assert part.min() >= 2e3
    # the ice draws for the muons that count alone: the same spectrum, not the same muons
    assert len(part) == pytest.approx((whole >= 2e3).sum(), rel=0.2)
    assert 0 < len(part) < 0.9 * len(whole)
    assert len(energetic) == len(everything)


@pytest.mark.parametrize("cut", [np.nan, np.inf])
def test_a_file_without_a_finite_energy_cut_is_refused(tmp_path, cut):
    with pytest.raises(InputError, match="a finite energy cut is needed"):
        one_shower(tmp_path, None, energy_cutoff_hadrons=cut)


@pytest.mark.parametrize("depths", [[1700.0, 1500.0], [1500.0, 1500.0], []])
def test_depths_out_of_order_are_no_config(depths):
    with pytest.raises(InputError, match="slant_depths"):
        parse(IngestConfig, {"slant_depths": depths}, "test")
