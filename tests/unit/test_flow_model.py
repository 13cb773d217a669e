"""The flow: a true likelihood, the same when muons are drawn as when they are looked at."""

import numpy as np
import pytest
import torch

from fastsim.bundles.models.flow import BLOCK_STARTS, BundleFlow, FlowLoss, blocks_of
from fastsim.bundles.models.layers import bundles

COUNTS = torch.tensor([1, 40, 2, 300, 1, 9])


def make_flow(transforms=2):
    """A flow with weights as of a training, which makes a muon depend on all before it."""
    torch.manual_seed(1)
    flow = BundleFlow(conditions=4, width=16, transforms=transforms, bins=6).double()
    for transform in flow.muon.transform.transforms:
        torch.nn.init.normal_(transform.hyper[-1].weight, std=0.5)
    return flow.requires_grad_(False)


def make_batch(counts=COUNTS, seed=2):
    random = torch.Generator().manual_seed(seed)
    muons = int(counts.sum())
    conditions = torch.randn(len(counts), 4, generator=random, dtype=torch.float64)
    points = torch.randn(muons, 2, generator=random, dtype=torch.float64)
    return bundles(conditions, counts, muons), points


def test_blocks_begin_with_single_muons_and_grow():
    assert BLOCK_STARTS[:17] == list(range(17))
    sizes = np.diff(BLOCK_STARTS)
    starts = np.array(BLOCK_STARTS[:-1])
    assert (sizes == np.maximum(1, starts // 8)).all()
    # passes for a bundle of 4,000
    assert np.searchsorted(starts, 4000) < 70


def test_every_muon_is_in_the_block_of_its_place():
    batch, points = make_batch()
    blocks = blocks_of(batch)
    places = np.concatenate([np.arange(n) for n in COUNTS.tolist()])
    before = blocks.before[blocks.of_muon].numpy()
    assert (before <= places).all()
    assert (places < before + np.maximum(1, before // 8)).all()
    np.testing.assert_array_equal(blocks.event[blocks.of_muon], batch.event)
    assert (blocks.before[blocks.first] == 0).all()
    # none is empty
    assert len(blocks.of_muon.unique()) == len(blocks.event)
    assert len(points) == len(blocks.of_muon)


def test_an_untrained_flow_is_the_normal_distribution():
    flow = BundleFlow(conditions=4, width=16, transforms=2, bins=6).double()
    batch, points = make_batch()
    normal = -np.log(2 * np.pi) - points.square().sum(1) / 2
    torch.testing.assert_close(flow(points, batch), normal, rtol=0, atol=1e-12)


@pytest.mark.parametrize("transforms", [1, 3])
@pytest.mark.parametrize("place", [0, 2])
def test_the_density_of_a_muon_integrates_to_one(transforms, place):
    flow = make_flow(transforms)
    axis = torch.linspace(-9, 9, 301, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    _, earlier = make_batch()
    bundle = earlier[: place + 1].repeat(len(grid), 1, 1)
    bundle[:, place] = grid
    counts = torch.full((len(grid),), place + 1)
    conditions = torch.ones(len(grid), 4, dtype=torch.float64)
    batch = bundles(conditions, counts, len(grid) * (place + 1))
    density = flow(bundle.view(-1, 2), batch).exp().view(-1, place + 1)[:, place]
    # cells of a grid, with kinks of the density at the knots of the splines
    assert float(density.sum() * (axis[1] - axis[0]) ** 2) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("transforms", [1, 3])
def test_what_is_drawn_is_what_the_likelihood_inverts(transforms):
    flow = make_flow(transforms)
    batch, noise = make_batch()
    points = flow.draw(batch.conditions, batch.counts, noise)
    back = flow.muon(flow.vectors(points, batch)).transform(points)
    assert (points - noise).abs().max() > 0.3
    torch.testing.assert_close(back, noise, rtol=0, atol=1e-9)


def test_only_what_was_in_earlier_blocks_matters_and_not_its_order():
    flow = make_flow()
    batch, points = make_batch(torch.tensor([60]))
    places = torch.arange(60)
    likelihood = flow(points, batch)
    # the block after 16 muons has two of them
    swapped = places.clone()
    swapped[[16, 17]] = swapped[[17, 16]]
    torch.testing.assert_close(flow(points[swapped], batch), likelihood[swapped])
    # two muons change places far apart: what comes between them is another matter
    swapped = places.clone()
    swapped[[10, 40]] = swapped[[40, 10]]
    changed = flow(points[swapped], batch)
    torch.testing.assert_close(changed[:10], likelihood[:10])
    assert (changed[10:40] - likelihood[10:40]).abs().min() > 1e-9
    # after both, up to the end of the latter's block, nothing is changed
    torch.testing.assert_close(changed[45:], likelihood[45:])


def test_a_bundle_does_not_depend_on_its_batch():
    flow = make_flow()
    batch, points = make_batch()
    whole = flow(points, batch)
    drawn = flow.draw(batch.conditions, batch.counts, points)
    for event in range(len(COUNTS)):
        own = batch.event == event
        conditions, counts = batch.conditions[[event]], batch.counts[[event]]
        alone = bundles(conditions, counts, int(counts[0]))
        torch.testing.assert_close(flow(points[own], alone), whole[own], rtol=0, atol=1e-10)
        again = flow.draw(conditions, counts, points[own])
        torch.testing.assert_close(again, drawn[own], rtol=0, atol=1e-12)


def test_no_bundles_have_a_gradient_of_zero():
    """The share of a process may be empty; gradients are averaged over all nevertheless."""
    flow = make_flow().requires_grad_(True)
    batch, points = make_batch(torch.zeros(0, dtype=torch.int64))
    FlowLoss(flow)(points, batch).backward()
    for name, parameter in flow.named_parameters():
        assert parameter.grad is not None, name
        assert not parameter.grad.any(), name


@pytest.mark.slow
def test_a_short_training_finds_what_muons_of_a_bundle_share():
    """A hidden number moves all energies of a bundle; radii depend on own energy and condition."""
    torch.manual_seed(1)
    flow = BundleFlow(conditions=1, width=32, transforms=1, bins=8)
    steps = 800
    optimizer = torch.optim.Adam(flow.parameters(), 5e-3)
    course = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    random = torch.Generator().manual_seed(3)

    def toy(events):
        counts = torch.randint(1, 12, (events,), generator=random)
        muons = int(counts.sum())
        known = bundles(torch.randn(events, 1, generator=random), counts, muons)
        shared = torch.randn(events, generator=random)[known.event]
        condition = known.conditions[known.event, 0]
        energy, radius = torch.randn(2, muons, generator=random)
        energy = 0.3 + 0.6 * shared + 0.5 * energy
        radius = 0.5 * condition - 0.6 * energy + 0.5 * radius
        return torch.stack([energy, radius], dim=1), known

    for _ in range(steps):
        loss = -flow(*toy(256)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        course.step()
    points, known = toy(20_000)
    noise = torch.randn(points.shape, generator=random, dtype=torch.float64)
    drawn = flow.double().draw(known.conditions.double(), known.counts, noise).float()
    for name, figure in {
        "means": lambda x: x.mean(0),
        "widths": lambda x: x.std(0),
        "energy and radius": lambda x: torch.corrcoef(x.T)[0, 1],
        "condition and radius": lambda x: torch.corrcoef(
            torch.stack([known.conditions[known.event, 0], x[:, 1]])
        )[0, 1],
        "energies of neighbours in a bundle": lambda x: neighbours(x[:, 0], known.event),
    }.items():
        torch.testing.assert_close(
            figure(drawn),
            figure(points),
            rtol=0,
            atol=0.04,
            msg=lambda said, name=name: f"{name}: {said}",
        )
    assert neighbours(points[:, 0], known.event) > 0.5


def neighbours(values, event):
    """Return the correlation of each muon with the next of the same bundle."""
    same = event[1:] == event[:-1]
    return torch.corrcoef(torch.stack([values[1:][same], values[:-1][same]]))[0, 1]
