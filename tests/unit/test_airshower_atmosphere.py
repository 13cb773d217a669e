import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from fastsim.airshower.atmosphere import (
    EARTH_RADIUS,
    LAYER_BOTTOM,
    ShowerAxis,
    density,
    vertical_grammage,
)


def test_vertical_grammage_of_the_standard_atmosphere():
    # CORSIKA user's guide: 1036.1 g/cm2 at sea level; the layers join
    assert vertical_grammage(0.0) == pytest.approx(1036.1, abs=0.1)
    edges = LAYER_BOTTOM[1:]
    np.testing.assert_allclose(vertical_grammage(edges - 0.1), vertical_grammage(edges), rtol=3e-4)
    assert vertical_grammage(113e3) == 0.0


@pytest.mark.parametrize("altitude", [100.0, 5e3, 2e4, 7e4])
def test_density_is_the_slope_of_grammage(altitude):
    step = 0.5
    slope = (vertical_grammage(altitude - step) - vertical_grammage(altitude + step)) / (2 * step)
    assert density(altitude) * 100 == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("degrees", [0.0, 40.0, 65.0, 80.0])
@pytest.mark.parametrize("s", [0.0, 4e3, 2e4])
def test_slant_grammage_is_the_integral_along_the_line(degrees, s):
    cosine, ground = math.cos(math.radians(degrees)), 2834.0
    axis = ShowerAxis(cosine, ground)

    def rho(t):
        r = EARTH_RADIUS + ground
        return float(density(math.sqrt(r * r + t * t + 2 * r * t * cosine) - EARTH_RADIUS))

    expected, _ = quad(lambda t: 100 * rho(t), s, axis.length, limit=400)
    assert axis.grammage(s) - axis.start_grammage == pytest.approx(expected, rel=3e-4)


def test_small_angles_follow_the_flat_formula_and_large_ones_do_not():
    flat = vertical_grammage(2834.0)
    near = ShowerAxis(math.cos(math.radians(20)), 2834.0).end_grammage
    assert near * math.cos(math.radians(20)) == pytest.approx(flat, rel=1e-3)
    far = ShowerAxis(math.cos(math.radians(80)), 2834.0).end_grammage
    assert far * math.cos(math.radians(80)) < 0.98 * flat


def test_the_axis_ends_at_100_km():
    axis = ShowerAxis(0.3, 1000.0)
    assert axis.altitude(axis.length) == pytest.approx(100e3, abs=1e-3)
    assert axis.altitude(0.0) == pytest.approx(1000.0, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.17, 1.0), st.floats(0.0, 5000.0), st.floats(0.0, 1.0))
def test_distance_inverts_grammage(cosine, altitude, share):
    axis = ShowerAxis(cosine, altitude)
    s = share * axis.length
    assert axis.distance(axis.grammage(s)) == pytest.approx(s, abs=1e-5 * axis.length)
