"""Spread of models that lack a fold each: known means, and a jackknife that knows its error."""

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries, toy_mean

from fastsim.bundles.fold_metrics import fold_metrics
from fastsim.bundles.primary_bins import PrimaryBins
from fastsim.stats.negative_binomial import NegativeBinomialMixture

PRIMARIES = draw_primaries(1500, 1)


def member(scale):
    """Return the true P(N | primary) of the toy with another mean."""
    mean = scale * toy_mean(PRIMARIES.astype(np.float64))[:, None]
    return NegativeBinomialMixture(np.ones_like(mean), mean, np.full_like(mean, 3.0))


@pytest.fixture(scope="module")
def real():
    return draw_events(PRIMARIES, 2)


def test_spread_is_the_jackknife_error_of_the_mean(real):
    scales = np.array([0.9, 1.0, 1.02, 1.08])
    figures = fold_metrics([member(scale) for scale in scales], real)
    relative = np.sqrt(3 / 4 * np.sum((scales - scales.mean()) ** 2))
    mean = [member(1.0).mean[rows].mean() for rows in PrimaryBins(real).rows]
    np.testing.assert_allclose(figures["spread"], relative * np.array(mean))
    assert figures["members"] == 4
    assert figures["ratio"] == pytest.approx(figures["spread_rms"] / figures["deviation_rms"])


def test_jackknife_of_a_mean_is_its_standard_error():
    # <N> of a model that has seen all but a fold, a mean of draws, is the mean of the others
    rng = np.random.default_rng(3)
    draws = 1.0 + 0.2 * rng.standard_normal(20)
    left_out = (draws.sum() - draws) / 19
    events = draw_events(PRIMARIES, 2)
    figures = fold_metrics([member(scale) for scale in left_out], events)
    expected = draws.std(ddof=1) / np.sqrt(20)
    mean = [member(1.0).mean[rows].mean() for rows in PrimaryBins(events).rows]
    np.testing.assert_allclose(figures["spread"], expected * np.array(mean))


def test_a_bias_that_all_share_is_not_in_the_spread(real):
    true, biased = (fold_metrics([member(scale)] * 3, real) for scale in (1.0, 1.5))
    assert [each["spread_rms"] for each in (true, biased)] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert true["deviation_rms"] < 1.0 < 2.0 < biased["deviation_rms"]
    assert biased["ratio"] == pytest.approx(0.0, abs=1e-12)
