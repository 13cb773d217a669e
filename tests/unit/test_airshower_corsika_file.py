"""CORSIKA particle files: what is read from sound ones, and what is said of broken ones."""

import contextlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.unit import corsika_files as dat

from fastsim.airshower.corsika_file import read_showers
from fastsim.errors import InputError

ELECTRON, HADRON, MUON_INFO = 3, 8, 75


def muons(count, seed=0, level=1, kind=dat.MU_MINUS):
    """Return rows of muons and the float64 (muons, 5) that are to be read from them."""
    rng = np.random.default_rng(seed)
    momentum = rng.lognormal(5, 2, (count, 3))
    rows = dat.particles(kind, momentum, rng.normal(0, 1e4, (count, 2)), level)
    return rows, as_read(rows)


def as_read(rows):
    wanted = rows[:, 1:6].astype(np.float64)
    wanted[:, 3:] *= 0.01
    return wanted


def read_all(path):
    return list(read_showers(path))


@st.composite
def written_showers(draw):
    """Draw showers of particles of all kinds, as rows, and the muons among them."""
    kinds = st.sampled_from([dat.MU_PLUS, dat.MU_MINUS, ELECTRON, HADRON, MUON_INFO, 76, -5, -75])
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    showers = []
    for count in draw(st.lists(st.integers(0, 90), max_size=4)):
        rows = draw(arrays.arrays(np.float32, (count, 7), elements=finite))
        drawn = draw(arrays.arrays(np.int64, count, elements=kinds))
        rows[:, 0] = drawn * 1000 + np.sign(drawn) * (10 * np.arange(count) % 990 + 1)
        showers.append((rows, as_read(rows[(drawn == dat.MU_PLUS) | (drawn == dat.MU_MINUS)])))
    return showers


@settings(max_examples=60)
@given(
    showers=written_showers(),
    version=st.sampled_from([6.5, 6.99, 7.3, 7.41, 7.5, 7.741, 7.75, 7.801]),
    markers=st.booleans(),
    long_blocks=st.integers(0, 3),
)
def test_muons_are_those_of_the_file_bit_for_bit(
    tmp_path_factory, showers, version, markers, long_blocks
):
    path = tmp_path_factory.mktemp("corsika") / "DAT000001"
    blocks = dat.run(
        [
            dat.shower(rows, event=1 + i, version=version, long_blocks=long_blocks)
            for i, (rows, _) in enumerate(showers)
        ],
        version=version,
    )
    path.write_bytes(dat.file_bytes(blocks, markers=markers))
    found = read_all(path)
    assert [shower.event for shower in found] == [1 + i for i in range(len(showers))]
    for shower, (_, wanted) in zip(found, showers, strict=True):
        assert shower.muons.shape == wanted.shape
        assert shower.muons.tobytes() == wanted.tobytes()


def test_the_header_says_what_the_shower_was(tmp_path):
    path = dat.write(
        tmp_path / "DAT000042",
        dat.shower(
            event=7,
            run_number=42,
            particle_id=dat.IRON,
            total_energy=3.5e7,
            zenith=0.5,
            azimuth=2.0,
            angle_array_x_magnetic_north=0.75,
            theta_max=60.0,
            energy_cutoff_hadrons=300.0,
            energy_cutoff_muons=273.0,
        ),
    )
    (shower,) = read_all(path)
    assert (shower.run, shower.event) == (42, 7)
    assert (shower.primary_code, shower.energy) == (dat.IRON, 3.5e7)
    assert shower.zenith == 0.5
    # muons are in the array's frame, the header's azimuth is not
    assert shower.azimuth == 1.25
    assert shower.zenith_max == pytest.approx(np.pi / 3)
    # no muon of a lost hadron may be missed
    assert shower.energy_cut == 300.0


@pytest.mark.parametrize(
    ("levels", "lowest"),
    [
        ((2834e2, 1500e2, 110e2), 3),
        ((110e2, 2834e2), 1),
        (np.linspace(9000e2, 0, 10), 10),
    ],
)
def test_only_the_lowest_observation_level_counts(tmp_path, levels, lowest):
    rows = [muons(50, seed=level, level=level)[0] for level in range(1, len(levels) + 1)]
    path = dat.write(tmp_path / "DAT", dat.shower(np.concatenate(rows), levels=levels))
    (shower,) = read_all(path)
    np.testing.assert_array_equal(shower.muons, as_read(rows[lowest - 1]))


def test_a_shower_is_read_in_parts_when_it_is_large(tmp_path, monkeypatch):
    monkeypatch.setattr("fastsim.airshower.corsika_file._BLOCKS_AT_ONCE", 3)
    rows, wanted = muons(1000)
    (shower,) = read_all(dat.write(tmp_path / "DAT", dat.shower(rows)))
    np.testing.assert_array_equal(shower.muons, wanted)


def test_memory_is_that_of_one_shower(tmp_path):
    electrons = dat.particles(ELECTRON, np.ones((400_000, 3)), np.zeros((400_000, 2)))
    blocks = dat.run([dat.shower(electrons, event=i) for i in (1, 2, 3)])
    path = tmp_path / "DAT"
    path.write_bytes(dat.file_bytes(blocks))
    tracemalloc.start()
    try:
        assert sum(len(shower.muons) for shower in read_showers(path)) == 0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # and of the particles that are no muons, only a part at a time
    assert peak < 0.9 * electrons.nbytes < path.stat().st_size / 3


def test_showers_come_before_the_file_has_been_read_to_its_end(tmp_path):
    path = dat.write(tmp_path / "DAT", *(dat.shower(muons(900)[0], event=i) for i in (1, 2, 3)))
    path.write_bytes(path.read_bytes()[:-4000])
    showers = read_showers(path)
    assert [next(showers).event, next(showers).event] == [1, 2]
    with pytest.raises(InputError, match="cut off"):
        next(showers)


def with_block(index, block):
    """Replace a block of a run of two showers of 3 blocks each, the run header being block 0."""
    blocks = two_showers()
    blocks[index : index + 1] = [block] if block else []
    return dat.file_bytes(blocks)


def two_showers(**words):
    rows, _ = muons(30)
    return dat.run([dat.shower(rows, event=event, **words) for event in (1, 2)])


def one_shower(**words):
    return dat.file_bytes(dat.run([dat.shower(muons(30)[0], **words)]))


SOUND = dat.file_bytes(two_showers())
UNMARKED = dat.file_bytes(two_showers(), markers=False)
THIN = {"block": dat.THIN_BLOCK}

BROKEN = {
    "no particle file": (b"PAR1" + SOUND[4:], "is no CORSIKA particle file"),
    "empty": (b"", "is no CORSIKA particle file"),
    "only a marker": (SOUND[:4], "is no CORSIKA particle file"),
    "another record length": ((4000).to_bytes(4, "little") + SOUND[4:], "is no CORSIKA particle"),
    "cut in a record": (SOUND[:5000], "the record at byte 0 is cut off or broken"),
    "without its closing marker": (SOUND[:-4], "the record at byte 0 is cut off or broken"),
    "another closing marker": (SOUND[:-4] + b"\0\0\0\0", "the record at byte 0 is cut off"),
    "cut in a block": (UNMARKED[:5000], "the record at byte 0 is cut off or broken"),
    "cut in a shower": (UNMARKED[: 2 * dat.BLOCK], r"shower 1: cut off; its end \(EVTE\)"),
    "cut between showers": (UNMARKED[: 4 * dat.BLOCK], r"cut off after 1 showers; .* \(RUNE\)"),
    "no end of the run": (with_block(7, b""), r"after 2 showers comes b'\\x00.*RUNE"),
    "no end of a shower": (with_block(3, b""), r"shower 1: its end \(EVTE\) is missing before"),
    "run's end in a shower": (with_block(6, b""), r"shower 2: its end \(EVTE\) .* b'RUNE'"),
    "no header of a shower": (with_block(4, b""), r"after 1 showers comes .* \(EVTH\)"),
    "the end of another shower": (
        with_block(6, two_showers()[3]),
        r"shower 2: ends \(EVTE\) as shower 1",
    ),
    "muons missing": (one_shower(muons_said=31), "shower 1: holds 30 muons .* says 31"),
    "a block of muons missing": (with_block(2, b""), "shower 1: holds 0 muons .* says 30"),
    "a muon between the levels": (
        dat.file_bytes(dat.run([dat.shower(muons(30, level=2)[0])])),
        "shower 1: a muon is at another observation level than 1 to 1",
    ),
    "showers missing": (
        dat.file_bytes(dat.run([dat.shower()], showers_said=2)),
        r"holds 1 showers; its run's end \(RUNE\) says 2",
    ),
    "two runs": (dat.file_bytes(two_showers() * 2), "one run a file is allowed"),
    "thinned": (dat.file_bytes(two_showers(), **THIN), "is thinned: its muons have weights"),
    "thinned, unmarked": (dat.file_bytes(two_showers(), markers=False, **THIN), "is thinned"),
    "thinned by the header": (
        one_shower(energy_fraction_if_thinning_level_hadronic=1e-6),
        "shower 1: is thinned",
    ),
    "too old": (dat.file_bytes(dat.run([], version=6.4)), "CORSIKA 6.4; versions from 6.5 to"),
    "too new": (dat.file_bytes(dat.run([], version=8.0)), "CORSIKA 8; versions from 6.5 to"),
    "version without meaning": (dat.file_bytes(dat.run([], version=np.nan)), "CORSIKA nan"),
    "two versions": (
        dat.file_bytes(dat.run([dat.shower(version=7.5)], version=7.75)),
        "shower 1: its CORSIKA version is not that of the run, 7.75",
    ),
    "inclined plane": (
        dat.file_bytes(dat.run([], inclined_observation_plane_theta=30.0)),
        r"an observation plane inclined by 30 degrees \(INCLIN\)",
    ),
    "no observation level": (one_shower(levels=()), "shower 1: has 0 observation levels; 1 to 10"),
    "too many levels": (one_shower(n_observation_levels=11), "has 11 observation levels"),
    "half a level": (one_shower(n_observation_levels=1.5), "has 1.5 observation levels"),
    "half a shower": (one_shower(event=1.5), "the number of a shower is 1.5; a whole number"),
    "shower without a number": (one_shower(event=np.nan), "the number of a shower is nan"),
    "run without a number": (one_shower(run_number=np.inf), "the number of the run is inf"),
    "run below zero": (one_shower(run_number=-1), "the number of the run is -1"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_told_in_one_line(tmp_path, case):
    content, message = BROKEN[case]
    path = tmp_path / "DAT000001"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        read_all(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_what_cannot_be_opened_is_told_in_one_line(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"cannot be read \("):
            read_all(path)


@pytest.mark.parametrize("whole", [SOUND, UNMARKED], ids=["marked", "unmarked"])
def test_no_file_cut_short_passes_for_a_whole_one(tmp_path, whole):
    path = tmp_path / "DAT"
    needed = len(whole) if whole is SOUND else 8 * dat.BLOCK
    for length in {*range(0, needed, 97), *range(dat.BLOCK, needed, dat.BLOCK), needed - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_all(path)
    path.write_bytes(whole[:needed])
    assert len(read_all(path)) == 2


@settings(max_examples=150)
@given(place=st.integers(0, len(SOUND) - 1), value=st.integers(1, 255))
def test_a_flipped_byte_ends_in_a_message_or_in_showers(tmp_path_factory, place, value):
    path = tmp_path_factory.getbasetemp() / "DAT-flipped"
    spoilt = bytearray(SOUND)
    spoilt[place] ^= value
    path.write_bytes(spoilt)
    showers = []
    with contextlib.suppress(InputError):
        showers = read_all(path)
    # there are no checksums, so that numbers may be wrong, but none may be missing
    assert [len(shower.muons) for shower in showers] in ([], [30, 30])
