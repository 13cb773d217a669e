"""What nearest neighbours say of two samples: do they cover each other, is one a copy?"""

from dataclasses import asdict, dataclass

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 5


@dataclass(frozen=True)
class Overlap:
    """How two samples cover each other, by the ball of each point that reaches its 5th neighbour.

    Precision and recall after T. Kynkäänniemi et al., NeurIPS 2019 (arXiv:1904.06991); density and
    coverage after M. F. Naeem et al., ICML 2020 (arXiv:2002.09797). All are shares, but density,
    which is 1 for equal distributions and may exceed it.

    Attributes:
        precision: of the generated points, inside the ball of some real one.
        recall: of the real points, inside the ball of some generated one.
        density: real balls that hold a generated point, on average, over 5.
        coverage: of the real balls, with a generated point inside.
    """

    precision: float
    recall: float
    density: float
    coverage: float

    def as_dict(self) -> dict[str, float]:
        """Return the four figures by name."""
        return asdict(self)


def overlap(real: np.ndarray, generated: np.ndarray) -> Overlap:
    """Return the :class:`Overlap` of points, float (rows, features), more than 5 in each sample.

    Equal figures of samples of other sizes do not mean the same: compare samples of one size.
    """
    around, reached = _balls(real, generated)
    recalled, _ = _balls(generated, real)
    return Overlap(
        precision=float((around > 0).mean()),
        recall=float((recalled > 0).mean()),
        density=float(around.mean() / NEIGHBOURS),
        coverage=float(reached.mean()),
    )


def _balls(centres: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return in how many balls about ``centres`` each point lies, and which balls hold a point."""
    nearest = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(centres)
    # without an argument a point is no neighbour of itself
    radii = nearest.kneighbors()[0][:, -1]
    around, reached, start = np.zeros(len(points), dtype=np.int64), [], 0
    for distances in pairwise_distances_chunked(centres, points):
        inside = distances <= radii[start : start + len(distances), None]
        around += inside.sum(axis=0)
        reached.append(inside.any(axis=1))
        start += len(distances)
    return around, np.concatenate(reached)


def share_nearest_to_first(
    points: np.ndarray, first: np.ndarray, second: np.ndarray
) -> tuple[float, float, float]:
    """Return the share of ``points`` whose nearest neighbour is of ``first``, not ``second``.

    Args:
        points, first, second: float (rows, features).

    Returns:
        The share; what to expect where both are draws of one distribution of which ``points`` are
        independent, p = share of ``first`` among the two; and the standard deviation when the two
        are mixed at random: each of their points, nearest to m of ``points``, adds m or nothing,
        hence sqrt(p (1 - p) sum of m^2) / rows.
    """
    pool = np.concatenate([first, second])
    nearest = NearestNeighbors(n_neighbors=1).fit(pool).kneighbors(points)[1][:, 0]
    times = np.bincount(nearest, minlength=len(pool)).astype(np.float64)
    expected = len(first) / len(pool)
    error = np.sqrt(expected * (1.0 - expected) * np.sum(times**2)) / len(points)
    return float((nearest < len(first)).mean()), expected, float(error)
