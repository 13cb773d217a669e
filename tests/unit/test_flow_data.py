"""Muons as the flow sees them."""

import numpy as np
import torch
from scipy.stats import kstest

from fastsim.bundles.flow_data import (
    SMALLEST_RADIUS,
    radius_of,
    radius_score,
    random_order,
    scored_bundles,
)
from fastsim.data.shards import Shard


def test_scores_of_the_radii_of_normal_positions_are_normal():
    radius = np.hypot(*np.random.default_rng(1).normal(size=(2, 20_000)))
    assert kstest(radius_score(radius), "norm").pvalue > 0.01


def test_the_radius_comes_back_from_its_score():
    radius = np.geomspace(SMALLEST_RADIUS, 30.0, 1000)
    score = radius_score(radius)
    assert (np.diff(score) > 0).all()
    np.testing.assert_allclose(radius_of(score), radius, rtol=1e-9)
    assert np.isfinite(radius_score(np.zeros(1))).all()
    assert np.isfinite(radius_of(np.array([-30.0, 30.0]))).all()


def test_bundles_without_muons_are_left_out():
    random = np.random.default_rng(1)
    counts = np.array([3, 0, 1], dtype=np.int32)
    muons = random.normal(size=(4, 3)).astype(np.float32)
    shard = Shard(random.normal(size=(3, 4)).astype(np.float32), counts, muons)
    scored = scored_bundles(shard)
    np.testing.assert_array_equal(scored.counts, [3, 1])
    np.testing.assert_array_equal(scored.conditions, shard.conditions[[0, 2]])
    assert scored.points.dtype == np.float32
    np.testing.assert_array_equal(scored.points[:, 0], muons[:, 0])
    radius = radius_of(scored.points[:, 1].astype(np.float64))
    np.testing.assert_allclose(radius, np.hypot(muons[:, 1], muons[:, 2]), rtol=1e-5)


def test_muons_are_mixed_within_their_event_only():
    event = torch.repeat_interleave(torch.arange(500), 10)
    uniform = torch.rand(5000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    order = random_order(event, uniform)
    assert (event[order] == event).all()
    # every muon is in every place about equally often
    place = (order % 10).view(500, 10)
    for column in place.T:
        assert (torch.bincount(column, minlength=10) > 20).all()
