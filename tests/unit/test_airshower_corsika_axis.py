"""Muons of CORSIKA showers across the axis: at the surface, and on their way straight down."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.unit import corsika_files as dat

from fastsim.airshower.corsika import across_axis, read_corsika

DEPTHS = (1500.0, 1700.0, 2500.0)
ZENITH = st.floats(0.0, 1.5)
AZIMUTH = st.floats(-2 * math.pi, 2 * math.pi)
ANGLE = st.floats(-math.pi, math.pi)


def along(zenith, azimuth, count, seed, spread=0.05, width=50.0):
    """Return muons, (count, 5), of momenta near the axis and of places near the core."""
    rng = np.random.default_rng(seed)
    momentum = dat.direction(zenith, azimuth) + spread * rng.normal(size=(count, 3))
    # none across the axis, whose path would not end
    momentum = momentum[momentum @ dat.direction(zenith, azimuth) > 0.2]
    momentum *= rng.lognormal(7, 1, (len(momentum), 1))
    return np.column_stack([momentum, width * rng.normal(size=(len(momentum), 2))])


def turned(vectors, angle):
    """Return (rows, 2) turned by an angle, rad."""
    c, s = math.cos(angle), math.sin(angle)
    return vectors @ np.array([[c, s], [-s, c]])


@given(ZENITH, AZIMUTH, st.integers(0, 2**32))
def test_points_and_slopes_across_the_axis_are_those_of_the_rays_in_space(zenith, azimuth, seed):
    muons = along(zenith, azimuth, 8, seed)
    found = across_axis(muons, zenith, azimuth)
    # where each ray pierces the plane through the core, and how it leaves the axis
    axis = dat.direction(zenith, azimuth)
    per_metre = muons[:, :3] / (muons[:, :3] @ axis)[:, None]
    places = np.column_stack([muons[:, 3:], np.zeros(len(muons))])
    pierced = places - (places @ axis)[:, None] * per_metre
    in_space = np.concatenate([pierced, per_metre - axis])
    in_plane = np.concatenate([found[:, :2], found[:, 2:]])
    # lengths and angles are the same, whatever the axes of the plane
    size = np.abs(in_space).max()
    np.testing.assert_allclose(
        in_plane @ in_plane.T, in_space @ in_space.T, rtol=0, atol=1e-9 * size**2
    )


@given(ZENITH, AZIMUTH, ANGLE, st.integers(0, 2**32))
def test_a_turned_shower_gives_turned_muons(zenith, azimuth, angle, seed):
    muons = along(zenith, azimuth, 8, seed)
    around = muons.copy()
    around[:, :2], around[:, 3:] = turned(muons[:, :2], angle), turned(muons[:, 3:], angle)
    found = across_axis(muons, zenith, azimuth)
    again = across_axis(around, zenith, azimuth + angle)
    np.testing.assert_allclose(again[:, :2], turned(found[:, :2], angle), atol=1e-7)
    np.testing.assert_allclose(again[:, 2:], turned(found[:, 2:], angle), atol=1e-9)


@given(AZIMUTH, st.integers(0, 2**32))
def test_a_vertical_shower_keeps_its_frame(azimuth, seed):
    muons = along(0.0, 0.0, 8, seed)
    found = across_axis(muons, 0.0, azimuth)
    np.testing.assert_allclose(found[:, :2], muons[:, 3:], rtol=1e-12)
    np.testing.assert_allclose(found[:, 2:], muons[:, :2] / muons[:, 2:3], rtol=1e-12)


@given(ZENITH, AZIMUTH)
def test_a_nearly_vertical_shower_has_nearly_the_frame_of_a_vertical_one(zenith, azimuth):
    # so that the plane is neither turned nor mirrored on the way
    little = 1e-4 * zenith
    muons = along(0.0, 0.0, 8, 1)
    np.testing.assert_allclose(
        across_axis(muons, little, azimuth), across_axis(muons, 0.0, azimuth), atol=0.1
    )


def one_shower(tmp_path, rows, **words):
    path = dat.write(tmp_path / "DAT", dat.shower(rows, **words))
    (block,) = read_corsika(path, DEPTHS, 1)
    return block


@given(ZENITH, AZIMUTH)
def test_a_muon_on_the_axis_stays_there_at_each_depth(tmp_path_factory, zenith, azimuth):
    momentum = 1e7 * dat.direction(zenith, azimuth)
    rows = one_shower(
        tmp_path_factory.mktemp("axis"),
        dat.particles(dat.MU_PLUS, momentum, (0.0, 0.0)),
        zenith=zenith,
        azimuth=azimuth,
    )
    assert np.diff(rows.offsets).tolist() == [1, 1, 1]
    # a hundred thousand TeV: no scattering to speak of, but single precision in the file
    np.testing.assert_allclose(rows.muons[:, 1:], 0.0, atol=0.005)


def test_a_muon_goes_straight_on(tmp_path):
    momentum = 1e6 * np.array([0.01, -0.02, 1.0])
    rows = one_shower(tmp_path, dat.particles(dat.MU_MINUS, momentum, (1000.0, 3000.0)))
    for depth, bundle in zip(DEPTHS, np.split(rows.muons, rows.offsets[1:-1]), strict=True):
        np.testing.assert_allclose(
            bundle[:, 1:], [[10 + 0.01 * depth, 30 - 0.02 * depth]], atol=0.05
        )


def test_an_array_turned_from_north_gives_turned_muons(tmp_path):
    """ARRANG: the file's muons are in the array's frame, its primary's azimuth is not."""
    zenith, azimuth, angle = 0.9, 2.0, 0.6
    muons = along(zenith, azimuth, 40, seed=3)
    in_array = muons.copy()
    in_array[:, :2], in_array[:, 3:] = turned(muons[:, :2], -angle), turned(muons[:, 3:], -angle)
    straight, of_array = (
        one_shower(
            tmp_path,
            dat.particles(dat.MU_PLUS, 1e4 * each[:, :3], 100 * each[:, 3:]),
            zenith=zenith,
            azimuth=azimuth,
            angle_array_x_magnetic_north=turn,
            total_energy=1e9,
        )
        for each, turn in ((muons, 0.0), (in_array, angle))
    )
    np.testing.assert_allclose(of_array.muons[:, 0], straight.muons[:, 0], rtol=1e-5)
    # scattering is drawn in the frame of the plane
    np.testing.assert_allclose(
        of_array.muons[:, 1:], turned(straight.muons[:, 1:], -angle), atol=0.5
    )
    assert np.abs(straight.muons[:, 1:]).max() > 50.0
