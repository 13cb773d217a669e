"""Distances, errors by group, classifiers and Frechet distances against what is known."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from fastsim.stats import clustered
from fastsim.stats.circular import isotropy
from fastsim.stats.clustered import clustered_correlation, clustered_mean, grouped_histogram
from fastsim.stats.comparison import Sample, compare, floor
from fastsim.stats.distances import distances_of_halves, ks_distance, wasserstein_distance
from fastsim.stats.frechet import (
    frechet_distances_of_halves,
    frechet_gaussian_distance,
    frechet_physics_distance,
    kernel_physics_distance,
)
from fastsim.stats.poisson import Poisson
from fastsim.stats.two_sample import auc_error, classifier_auc, halves_by_group


@pytest.mark.parametrize("decimals", [None, 1], ids=["continuous", "with ties"])
def test_distances_are_scipys(decimals: int | None) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=700), rng.normal(0.2, 1.3, size=450)
    if decimals is not None:
        a, b = a.round(decimals), b.round(decimals)
    assert ks_distance(a, b) == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
    assert wasserstein_distance(a, b) == pytest.approx(stats.wasserstein_distance(a, b))


def test_weights_count_as_repetitions() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=200), rng.normal(0.3, size=150)
    wa, wb = rng.integers(0, 4, 200), rng.integers(1, 3, 150)
    repeated = np.repeat(a, wa), np.repeat(b, wb)
    assert ks_distance(a, b, wa, wb) == pytest.approx(ks_distance(*repeated))
    assert wasserstein_distance(a, b, wa, wb) == pytest.approx(wasserstein_distance(*repeated))


def test_distances_of_halves_are_the_distances() -> None:
    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=500).round(1), rng.uniform(0.5, 2.0, 500)
    masks = [rng.random(500) < 0.4 for _ in range(3)]
    ks, w1 = distances_of_halves(values, masks, weights)
    for i, mask in enumerate(masks):
        pair = (values[mask], values[~mask], weights[mask], weights[~mask])
        assert ks[i] == pytest.approx(ks_distance(*pair))
        assert w1[i] == pytest.approx(wasserstein_distance(*pair))


def test_clustered_errors_cover() -> None:
    """Groups of 5 equal values: the error of the mean is that of the groups, not of the rows."""
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(200), 5)
    pulls = []
    for _ in range(300):
        values = np.repeat(rng.normal(size=200), 5) + 0.1 * rng.normal(size=1000)
        mean, error = clustered_mean(values, groups)
        pulls.append(mean / error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)


def test_ratio_error_of_paired_samples() -> None:
    """Ratio pulls are unit wide when both samples share their groups' sizes."""
    rng = np.random.default_rng(5)
    pulls, naive = [], []
    for _ in range(200):
        size = rng.gamma(1.0, 5.0, 300)
        counts = [rng.poisson(size) for _ in range(2)]
        values = [np.full(c.sum(), 0.5) for c in counts]
        groups = [np.repeat(np.arange(300), c) for c in counts]
        histogram = grouped_histogram(np.array([0.0, 1.0]), *values, *groups)
        ratio, error = histogram.ratio()
        pulls.append((ratio[0] - 1.0) / error[0])
        (total, _), (width, _) = histogram.totals, histogram.errors()
        naive.append((ratio[0] - 1.0) * total[0] / width[0] / np.sqrt(2.0))
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)
    # without the pairing the error would be far too large
    assert np.std(naive) < 0.7


def test_histogram_is_numpys() -> None:
    rng = np.random.default_rng(6)
    values, groups = rng.uniform(-0.2, 1.2, 500).round(1), rng.integers(0, 20, 500)
    edges = np.linspace(0.0, 1.0, 11)
    histogram = grouped_histogram(edges, values, values[:100], groups, groups[:100])
    np.testing.assert_array_equal(histogram.totals[0], np.histogram(values, edges)[0])
    np.testing.assert_array_equal(histogram.totals[1], np.histogram(values[:100], edges)[0])


def test_a_bootstrap_is_the_same_however_many_replicas_are_drawn_at_once(monkeypatch) -> None:
    rng = np.random.default_rng(9)
    groups = np.arange(50)
    a, b = rng.normal(size=(2, 50))
    filled = grouped_histogram(np.linspace(-3, 3, 7), a, b, groups, groups)

    def drawn() -> list[np.ndarray]:
        return [*filled.bootstrap(20, 3), np.array(clustered_correlation(a, b, groups, 20, 3))]

    at_once = drawn()
    monkeypatch.setattr(clustered, "VALUES_DRAWN", 150)
    for together, apart in zip(at_once, drawn(), strict=True):
        np.testing.assert_allclose(apart, together, rtol=1e-12)


def test_a_draw_of_the_bootstrap_without_any_group_plays_no_part() -> None:
    # two groups: one draw in seven has neither
    groups = np.repeat([0, 1], 5)
    rng = np.random.default_rng(8)
    distances = compare(Sample(rng.normal(size=10), groups), Sample(np.ones(10), groups), 100, 1)
    assert np.isfinite(list(distances.values())).all()
    assert distances["ks_error"] > 0.0
    alone = np.zeros(10, dtype=int)
    distances = compare(Sample(rng.normal(size=10), alone), Sample(np.ones(10), alone), 1, 1)
    assert distances["ks_error"] == distances["w1_error"] == 0.0


def test_errors_of_a_yes_or_no_are_the_scatter_of_samples() -> None:
    rng = np.random.default_rng(12)
    groups = np.arange(2000)

    def sample(share: float) -> Sample:
        return Sample((rng.random(len(groups)) < share).astype(float), groups)

    found = [compare(sample(0.30), sample(0.36), 100, 1) for _ in range(60)]
    for name in ("ks", "w1"):
        scatter = np.std([one[name] for one in found], ddof=1)
        assert np.mean([one[f"{name}_error"] for one in found]) == pytest.approx(scatter, rel=0.3)


def test_compare_sees_a_shift_and_the_floor_is_the_noise() -> None:
    rng = np.random.default_rng(7)
    groups = np.repeat(np.arange(1000), 3)
    real = Sample(rng.normal(size=3000), groups)
    same = compare(real, Sample(rng.normal(size=3000), groups), 100, 1)
    shifted = compare(real, Sample(rng.normal(0.2, 1.0, size=3000), groups), 100, 1)
    noise = floor(real, 20, 1)
    # two samples of n rows: sqrt(2/n) times the mean of the Kolmogorov distribution
    assert noise["ks"] == pytest.approx(0.8687 * np.sqrt(2 / 3000), rel=0.25)
    assert same["ks"] < noise["ks"] + 4 * noise["ks_error"]
    assert shifted["w1"] == pytest.approx(0.2, abs=4 * shifted["w1_error"])
    assert 0.01 < shifted["w1_error"] < 0.05
    assert shifted["ks"] > 4 * noise["ks"] * 0.8


def test_correlation_and_its_error() -> None:
    rng = np.random.default_rng(8)
    a = rng.normal(size=4000)
    b = -0.5 * a + np.sqrt(0.75) * rng.normal(size=4000)
    value, error = clustered_correlation(a, b, np.arange(4000), 200, 1)
    assert value == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert error == pytest.approx((1 - 0.25) / np.sqrt(4000), rel=0.2)


def test_halves_keep_groups_together() -> None:
    groups = np.random.default_rng(9).integers(0, 101, 1000)
    half = halves_by_group(groups, 5)
    assert len(np.unique(groups[half])) == 50
    assert not set(groups[half]) & set(groups[~half])
    assert (half == halves_by_group(groups, 5)).all()
    assert (half != halves_by_group(groups, 6)).any()


def test_classifier_auc_of_equal_and_shifted_samples() -> None:
    rng = np.random.default_rng(10)
    groups = np.repeat(np.arange(1500), 2)
    real, same = rng.normal(size=(2, 3000, 4))
    assert classifier_auc(real, same, groups, groups, 1) == pytest.approx(0.5, abs=0.03)
    shifted = same + np.array([0.5, 0, 0, 0])
    ideal = stats.norm.cdf(0.5 / np.sqrt(2))
    assert classifier_auc(real, shifted, groups, groups, 1) == pytest.approx(ideal, abs=0.04)


def test_a_feature_that_no_row_of_a_half_has_is_not_used_there() -> None:
    # the energy of the second muon, where one bundle in a hundred has two
    rng = np.random.default_rng(12)
    groups = np.arange(300)
    real, same = rng.normal(size=(2, 300, 2))
    real[:, 1] = same[:, 1] = np.nan
    real[7, 1] = 1.0
    assert classifier_auc(real, same, groups, groups, 1) == pytest.approx(0.5, abs=0.1)


def test_auc_error_is_the_spread_of_chance() -> None:
    rng = np.random.default_rng(15)
    labels = np.repeat([0, 1], [120, 80])
    aucs = [roc_auc_score(labels, rng.random(200)) for _ in range(1000)]
    assert auc_error(120, 80) == pytest.approx(np.std(aucs), rel=0.08)
    assert auc_error(80, 120) == auc_error(120, 80)


def test_classifier_cannot_memorise_groups() -> None:
    """Rows of a group are copies: a split by row would give an AUC near 1."""
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(300), 10)
    real, generated = (np.repeat(rng.normal(size=(300, 3)), 10, axis=0) for _ in range(2))
    auc = classifier_auc(real, generated, groups, groups + 300, 1)
    assert auc == pytest.approx(0.5, abs=0.1)


def test_frechet_distance_of_gaussians() -> None:
    mean, shift = np.zeros(3), np.array([1.0, 2.0, 0.0])
    C = np.diag([1.0, 4.0, 9.0])
    assert frechet_gaussian_distance(mean, C, mean, C) == pytest.approx(0.0, abs=1e-9)
    assert frechet_gaussian_distance(mean, C, shift, C) == pytest.approx(5.0)
    assert frechet_gaussian_distance(mean, C, mean, 4 * C) == pytest.approx(1 + 4 + 9)
    turned, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    rotated = [turned @ m @ turned.T for m in (C, 4 * C)]
    assert frechet_gaussian_distance(mean, rotated[0], mean, rotated[1]) == pytest.approx(14.0)


def test_physics_distances_of_gaussians() -> None:
    rng = np.random.default_rng(12)
    real, same = rng.normal(size=(2, 8000, 3))
    shifted = same + np.array([0.3, 0.0, 0.0])
    assert frechet_physics_distance(real, shifted, 1) == pytest.approx(0.09, abs=0.02)
    assert abs(frechet_physics_distance(real, same, 1)) < 0.004
    far, near = (kernel_physics_distance(real, sample, 1) for sample in (shifted, same))
    assert far["value"] > 5 * abs(near["value"])
    assert abs(near["value"]) < 4 * near["error"] + 1e-3
    # few rows: the batches still differ, and the error with them
    few = kernel_physics_distance(real[:600], same[:600], 1)
    assert abs(few["value"]) < 4 * few["error"]


@pytest.mark.slow
def test_error_of_the_distance_of_halves_is_the_scatter_of_perfect_models() -> None:
    """Of pairs of samples of one distribution; that of one halving would be twice as large."""
    rng, rows = np.random.default_rng(1), np.arange(400)
    pairs = [
        frechet_distances_of_halves(*rng.normal(size=(2, 400, 3)), rows, rows, 10, seed)
        for seed in range(40)
    ]
    values, floors = ([pair[name]["value"] for pair in pairs] for name in ("generated", "floor"))
    error = np.mean([pair["generated"]["error"] for pair in pairs])
    # 40 values know their scatter to a fifth
    assert 0.7 < np.std(values, ddof=1) / error < 1.4
    assert abs(np.mean(values) - np.mean(floors)) < 3 * error * np.sqrt(2 / len(pairs))


def test_isotropy() -> None:
    rng = np.random.default_rng(13)
    flat = isotropy(rng.uniform(-np.pi, np.pi, 20_000))
    assert flat["rayleigh_p"] > 0.01
    assert flat["ks_p"] > 0.01
    skewed = isotropy(rng.vonmises(1.0, 0.1, 20_000))
    assert skewed["rayleigh_p"] < 1e-6
    # two opposite directions: no mean direction, but not uniform either
    assert isotropy(np.repeat([0.1, 0.1 + np.pi], 1000))["ks_p"] < 1e-6


def test_rayleigh_p_is_uniform_for_uniform_angles() -> None:
    rng = np.random.default_rng(14)
    p = [isotropy(rng.uniform(0, 2 * np.pi, 50))["rayleigh_p"] for _ in range(400)]
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_poisson_is_a_distribution_of_counts() -> None:
    poisson = Poisson(np.array([0.5, 4.0]))
    counts = np.arange(60)
    grid = np.broadcast_to(counts, (2, 60))
    np.testing.assert_allclose(np.exp(poisson.log_pmf(grid)).cumsum(axis=1), poisson.cdf(grid))
    assert poisson.cdf(np.array([-1, -1])).tolist() == [0.0, 0.0]
    at = poisson.quantile(np.array([0.3, 0.9]))
    assert (poisson.cdf(at) >= [0.3, 0.9]).all()
    assert (poisson.cdf(at - 1) < [0.3, 0.9]).all()
