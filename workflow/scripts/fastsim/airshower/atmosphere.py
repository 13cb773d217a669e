"""The US standard atmosphere in Linsley's parametrisation, and the axis of a shower through it.

The vertical grammage is ``X(h) = a + b exp(-h / c)`` in four layers and ``a - h / c`` above 100 km
(J. Linsley; constants: D. Heck and T. Pierog, CORSIKA user's guide, appendix D, model 1).
"""

import math
from bisect import bisect_right

import numpy as np

EARTH_RADIUS = 6_371_315.0
"""Mean radius of the Earth, m, as in CORSIKA."""

LAYER_BOTTOM = np.array([0.0, 4e3, 10e3, 40e3, 100e3])
"""Lower edges of the layers, m."""
_A = np.array([-186.555305, -94.919, 0.61289, 0.0, 0.01128292])  # g/cm2
_B = np.array([1222.6562, 1144.9069, 1305.5948, 540.1778, 1.0])  # g/cm2
_C = np.array([9941.8638, 8781.5355, 6361.4304, 7721.7016, 1e7])  # m

CM_PER_M = 100.0


def vertical_grammage(altitude: np.ndarray | float) -> np.ndarray:
    """Return the mass above ``altitude`` [m] in g/cm2; zero above 112.8 km."""
    altitude = np.asarray(altitude, dtype=np.float64)
    layer = np.searchsorted(LAYER_BOTTOM[1:], altitude, side="right")
    a, b, c = _A[layer], _B[layer], _C[layer]
    top = layer == len(LAYER_BOTTOM) - 1
    return np.where(top, np.maximum(a - altitude / c, 0.0), a + b * np.exp(-altitude / c))


def density(altitude: np.ndarray | float) -> np.ndarray:
    """Return the density -dX/dh of the exponential layers below 100 km, in g/cm3."""
    altitude = np.asarray(altitude, dtype=np.float64)
    layer = np.searchsorted(LAYER_BOTTOM[1:-1], altitude, side="right")
    return _B[layer] / (_C[layer] * CM_PER_M) * np.exp(-altitude / _C[layer])


class ShowerAxis:
    """Altitude and slant grammage along a straight line over the curved Earth.

    A point of the axis is named by its distance ``s`` [m] from the observation point, where the
    axis has the given zenith angle, counted upwards:
    ``h(s) = sqrt((R + h0)^2 + s^2 + 2 (R + h0) s cos(zenith)) - R``. Grammage is tabulated on a
    uniform grid in ``s`` from 100 km altitude down, log X linear in between; distance and
    grammage are exact inverses of one another. Above 100 km lie 1.3 mg/cm2, where nothing happens.

    Args:
        cos_zenith: cosine of the zenith angle at the observation point.
        altitude: altitude of the observation point above sea level, m.

    Attributes:
        length: distance of the upper end of the table, m.
        start_grammage, end_grammage: slant grammage at the upper end and at ``s = 0``, g/cm2.
    """

    INTERVALS = 512

    def __init__(self, cos_zenith: float, altitude: float) -> None:
        self._radius = EARTH_RADIUS + altitude
        self._cos_zenith = cos_zenith
        top = EARTH_RADIUS + LAYER_BOTTOM[-1]
        sin_squared = 1.0 - cos_zenith**2
        self.length = math.sqrt(top**2 - self._radius**2 * sin_squared) - self._radius * cos_zenith
        self._step = self.length / self.INTERVALS
        # Simpson's rule on each interval, so twice the nodes
        nodes = np.linspace(self.length, 0.0, 2 * self.INTERVALS + 1)
        rho = density(self.altitude(nodes))
        increments = (rho[:-2:2] + 4 * rho[1::2] + rho[2::2]) * self._step * CM_PER_M / 6
        obliquity = top / math.sqrt(top**2 - self._radius**2 * sin_squared)
        self.start_grammage = float(vertical_grammage(LAYER_BOTTOM[-1])) * obliquity
        grammage = self.start_grammage + np.concatenate([[0.0], np.cumsum(increments)])
        self.end_grammage = float(grammage[-1])
        # plain floats: the cascade asks for one value at a time
        self._log_grammage = np.log(grammage).tolist()

    def altitude(self, s: np.ndarray | float) -> np.ndarray:
        """Return the altitude [m] above sea level at distance ``s`` [m]."""
        s = np.asarray(s)
        r, c = self._radius, self._cos_zenith
        return np.sqrt(r * r + s * s + 2 * r * s * c) - EARTH_RADIUS

    def grammage(self, s: float) -> float:
        """Return the slant grammage [g/cm2] above the point at ``0 <= s <= length`` [m]."""
        position = (self.length - s) / self._step
        i = min(int(position), self.INTERVALS - 1)
        low = self._log_grammage[i]
        return math.exp(low + (self._log_grammage[i + 1] - low) * (position - i))

    def distance(self, grammage: float) -> float:
        """Return the distance s [m] at which the slant grammage [g/cm2] is reached."""
        log_x = math.log(grammage)
        i = bisect_right(self._log_grammage, log_x, 1, self.INTERVALS) - 1
        low = self._log_grammage[i]
        position = i + (log_x - low) / (self._log_grammage[i + 1] - low)
        return self.length - position * self._step
