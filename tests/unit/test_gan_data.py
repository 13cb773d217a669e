import numpy as np

from fastsim.bundles.gan_data import training_bundles
from fastsim.data.shards import Shard


def test_bundles_for_training_have_muons_and_those_in_order_of_energy():
    counts = np.array([3, 0, 1, 4], dtype=np.int32)
    rng = np.random.default_rng(1)
    shard = Shard(
        rng.normal(size=(4, 4)).astype(np.float32),
        counts,
        rng.normal(size=(8, 3)).astype(np.float32),
    )
    prepared = training_bundles(shard)
    kept = [0, 2, 3]
    np.testing.assert_array_equal(prepared.counts, counts[kept])
    np.testing.assert_array_equal(prepared.conditions, shard.conditions[kept])
    for event, points in zip(kept, np.split(prepared.points, prepared.offsets[1:-1]), strict=True):
        own = shard.points[shard.offsets[event] : shard.offsets[event + 1]]
        own = own[np.argsort(own[:, 0])]
        expected = np.column_stack([own[:, 0], np.hypot(own[:, 1], own[:, 2])])
        np.testing.assert_array_equal(points, expected)


def test_a_block_without_muons_is_left_empty():
    shard = Shard(np.zeros((2, 4), np.float32), np.zeros(2, np.int32), np.zeros((0, 3), np.float32))
    prepared = training_bundles(shard)
    assert len(prepared) == 0
    assert prepared.points.shape == (0, 2)
