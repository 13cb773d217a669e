"""Sums, maxima and attention over the muons of ragged bundles."""

import torch
from gan_networks import COUNTS, LARGE_COUNTS, MUONS, make_batch
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsim.bundles.models.layers import bundles, pool, pool_attention, pool_max


def test_pooling_is_mean_scaled_sum_and_maximum():
    batch = make_batch()
    values = torch.randn(MUONS, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    pooled, maximum = pool(values, batch), pool_max(values, batch)
    for event, count in enumerate(COUNTS.tolist()):
        own = values[batch.event == event]
        expected = torch.cat([own.mean(dim=0), own.sum(dim=0) / count**0.5])
        torch.testing.assert_close(pooled[event], expected)
        torch.testing.assert_close(maximum[event], own.amax(dim=0))


def test_pooling_can_be_differentiated_twice():
    batch = make_batch()
    values = torch.randn(
        MUONS, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6)
    ).requires_grad_()

    def both(values):
        return torch.cat([pool(values, batch), pool_max(values, batch)], dim=1) ** 3

    assert torch.autograd.gradcheck(both, values)
    assert torch.autograd.gradgradcheck(both, values)


def test_the_maximum_of_thousands_is_the_right_muon_in_bfloat16():
    """Its number needs more digits than bfloat16 has."""
    batch = make_batch(LARGE_COUNTS, torch.float32)
    values = torch.zeros(len(batch.event), 1, dtype=torch.bfloat16)
    values[4321] = 1.0
    values.requires_grad_()
    pool_max(values, batch)[0].sum().backward()
    assert values.grad.nonzero()[:, 0].tolist() == [4321]


def dense_attention(scores, values):
    """The same averages for one bundle, by torch's softmax."""
    weights = torch.softmax(scores, dim=0)
    return torch.einsum("mph,mhd->phd", weights, values)


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    scale=st.sampled_from([1.0, 300.0]),
    seed=st.integers(0, 2**32),
)
def test_attention_is_a_softmax_over_each_bundle(counts, scale, seed):
    """Also where exponentials would overflow."""
    random = torch.Generator().manual_seed(seed)
    total = sum(counts)
    batch = bundles(torch.zeros(len(counts), 4), torch.tensor(counts), total)
    scores = scale * torch.randn(total, 3, 2, generator=random, dtype=torch.float64)
    values = torch.randn(total, 2, 5, generator=random, dtype=torch.float64)
    averages = pool_attention(scores, values, batch)
    for event in range(len(counts)):
        own = batch.event == event
        torch.testing.assert_close(averages[event], dense_attention(scores[own], values[own]))
