"""MUPAGE's laws: norms and means that follow from the published formulas."""

import numpy as np
import pytest
from scipy.integrate import quad

from fastsim.bundles.mupage import energy_pdf, multiplicity_power, radius_pdf, valid

PLACES = [(1.6, 0.1, 2), (2.0, 0.9, 3), (3.5, 0.5, 40)]


@pytest.mark.parametrize(("h", "zenith", "m"), PLACES)
def test_radius_has_the_published_mean(h, zenith, m) -> None:
    few = min(m, 4)
    mean = (-1.786 * few + 28.26) * h**-1.06 / (np.exp(10.4 * (zenith - 1.3)) + 1.0)
    norm, _ = quad(radius_pdf, 0.0, np.inf, args=(h, zenith, m))
    assert norm == pytest.approx(1.0, abs=1e-4)
    first, _ = quad(lambda R: R * radius_pdf(R, h, zenith, m), 0.0, np.inf, limit=200)
    assert first == pytest.approx(mean, rel=1e-3)


@pytest.mark.parametrize(("h", "zenith", "m"), [*PLACES, (2.0, 0.3, 1)])
@pytest.mark.parametrize("radius", [0.0, 3.0, 40.0])
def test_energy_is_normalised(h, zenith, m, radius) -> None:
    E = np.linspace(-9.0, 6.0, 20_001)
    assert np.trapezoid(energy_pdf(10.0**E, h, zenith, m, radius), E) == pytest.approx(
        1.0, abs=1e-3
    )


def test_energies_rise_with_depth_and_fall_with_radius() -> None:
    E = np.linspace(-4.0, 3.0, 4001)

    def mean(h, radius):
        return np.trapezoid(E * energy_pdf(10.0**E, h, 0.3, 4, radius), E)

    assert mean(3.0, 3.0) > mean(1.6, 3.0)
    assert mean(2.0, 30.0) < mean(2.0, 3.0)


def test_power_of_the_multiplicity() -> None:
    assert multiplicity_power(3.0, 0.0) == pytest.approx(3.331, abs=1e-3)


def test_validity() -> None:
    depths = [[1e6, 1, 0.0, depth] for depth in (1000.0, 1700.0, 5000.0, 6000.0)]
    primaries = np.float32([*depths, [1e6, 1, 1.5, 5000.0]])
    assert valid(primaries).tolist() == [False, True, True, False, False]
