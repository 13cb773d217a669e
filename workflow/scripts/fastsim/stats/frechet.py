"""Frechet and kernel physics distances between samples of features.

R. Kansal et al., Phys. Rev. D 107 (2023) 076017 (arXiv:2211.10295), the method of the JetNet
package: the Frechet distance extrapolated to infinite samples, and the squared maximum mean
discrepancy of a polynomial kernel of degree 4. Features are standardised with the mean and the
standard deviation of the real sample, where JetNet divides by the largest value: a heavy tail
then does not set the scale.
"""

import numpy as np
from scipy import linalg

from fastsim.stats.two_sample import halves_by_group

SAMPLE_SIZES = 10
BATCHES_PER_SIZE = 10
# sample sizes from 40 to 100 % of what there is, as JetNet's 20,000 to 50,000
SMALLEST_SHARE = 0.4
KERNEL_BATCHES = 10
KERNEL_BATCH = 2500


def frechet_gaussian_distance(
    mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
) -> float:
    """Return abs(mean_a - mean_b)^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of two Gaussians."""
    shift = mean_a - mean_b
    root = _square_root(covariance_a)
    # tr (C_a C_b)^(1/2) from the symmetric matrix of the same eigenvalues, real by construction
    eigenvalues = linalg.eigvalsh(root @ covariance_b @ root)
    cross = np.sqrt(np.clip(eigenvalues, 0.0, None)).sum()
    return float(shift @ shift + np.trace(covariance_a) + np.trace(covariance_b) - 2.0 * cross)


def frechet_physics_distance(real: np.ndarray, generated: np.ndarray, seed: int) -> float:
    """Return the Frechet distance of infinite samples.

    The distance of n against n rows is biased by a term of order 1/n: it is measured for
    several n, and a line in 1/n is followed to 0.

    Args:
        real, generated: float (rows, features), finite.
        seed: of the rows drawn.
    """
    real, generated = _standardised(real, generated)
    rng = np.random.default_rng(seed)
    largest = min(len(real), len(generated))
    # equal steps in 1/n, where the line is fitted
    sizes = 1.0 / np.linspace(1.0 / (SMALLEST_SHARE * largest), 1.0 / largest, SAMPLE_SIZES)
    sizes = sizes.astype(int)
    distances = [
        np.mean([_drawn_distance(real, generated, size, rng) for _ in range(BATCHES_PER_SIZE)])
        for size in sizes
    ]
    return float(np.polyfit(1.0 / sizes, distances, 1)[1])


def frechet_distances_of_halves(
    real: np.ndarray,
    generated: np.ndarray,
    groups_real: np.ndarray,
    groups_generated: np.ndarray,
    repeats: int,
    seed: int,
) -> dict[str, dict[str, float]]:
    """Return means of :func:`frechet_physics_distance` over halvings of the groups.

    One halving says little, as the features' tails differ from half to half, and halves make the
    distance to be judged and its floor of equal size.

    In the differences of moments whose squares add up to the distance, the halving and the samples
    themselves have equal variances. The mean leaves a perfect model the fluctuation of the samples
    alone, half that of one halving: its ``error`` is half the floor's spread. That of the floor is
    the error of the mean.

    Args:
        real, generated: float (rows, features), finite.
        groups_real, groups_generated: integers (rows,), for instance the shower of each event.
        repeats: halvings, at least 2.
        seed: of the first; each has the next.

    Returns:
        ``generated``, one half real against the other half generated, and ``floor``, real against
        real: ``value``, ``spread`` over the halvings, ``error``.
    """
    values, floors = [], []
    for split in range(seed, seed + repeats):
        both = halves_by_group(np.concatenate([groups_real, groups_generated]), split)
        half_real, half_generated = np.split(both, [len(real)])
        values.append(frechet_physics_distance(real[half_real], generated[~half_generated], split))
        half = halves_by_group(groups_real, split)
        floors.append(frechet_physics_distance(real[half], real[~half], split))
    spread = np.std(floors, ddof=1)
    errors = {"generated": spread / 2.0, "floor": spread / np.sqrt(repeats)}
    return {
        name: {
            "value": float(np.mean(distances)),
            "spread": float(np.std(distances, ddof=1)),
            "error": float(errors[name]),
        }
        for name, distances in (("generated", values), ("floor", floors))
    }


def kernel_physics_distance(real: np.ndarray, generated: np.ndarray, seed: int) -> dict[str, float]:
    """Return the median ``value`` of the squared MMD over batches, and half its 16-84 % ``error``.

    The estimator is unbiased, so a small distance may come out below 0.
    """
    real, generated = _standardised(real, generated)
    rng = np.random.default_rng(seed)
    # at most half of the rows: batches of all of them would be one, and have no spread
    size = min(KERNEL_BATCH, len(real) // 2, len(generated) // 2)
    draws = [
        _squared_mmd(
            real[rng.choice(len(real), size, replace=False)],
            generated[rng.choice(len(generated), size, replace=False)],
        )
        for _ in range(KERNEL_BATCHES)
    ]
    low, middle, high = np.quantile(draws, [0.16, 0.5, 0.84])
    return {"value": float(middle), "error": float((high - low) / 2.0)}


def _standardised(real: np.ndarray, generated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, width = real.mean(axis=0), real.std(axis=0)
    width = np.where(width > 0, width, 1.0)
    return (real - mean) / width, (generated - mean) / width


def _drawn_distance(
    real: np.ndarray, generated: np.ndarray, size: int, rng: np.random.Generator
) -> float:
    moments = []
    for sample in (real, generated):
        rows = sample[rng.integers(len(sample), size=size)]
        moments += [rows.mean(axis=0), np.cov(rows, rowvar=False)]
    return frechet_gaussian_distance(*moments)


def _square_root(symmetric: np.ndarray) -> np.ndarray:
    eigenvalues, vectors = linalg.eigh(symmetric)
    return (vectors * np.sqrt(np.clip(eigenvalues, 0.0, None))) @ vectors.T


def _squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Return the unbiased squared MMD of two samples of one size with the polynomial kernel."""
    n, features = a.shape

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        squared = np.square(x @ y.T / features + 1.0)
        # fourth power: squaring twice is many times faster than a power
        return np.square(squared, out=squared)

    k_aa, k_bb = kernel(a, a), kernel(b, b)
    within = (k_aa.sum() - np.trace(k_aa) + k_bb.sum() - np.trace(k_bb)) / (n * (n - 1))
    return float(within - 2.0 * kernel(a, b).mean())
