import numpy as np
import pytest
import torch

from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import bundles, pool, pool_max
from fastsim.bundles.models.wgan_gp import CriticLoss, GeneratorLoss, sorted_by_energy

COUNTS = torch.tensor([1, 7, 2, 30, 1])
MUONS = int(COUNTS.sum())


@pytest.fixture
def generator():
    torch.manual_seed(1)
    generator = Generator(4, width=8, layers=3, event_noise=2, muon_noise=1).double()
    # an untrained one hands its noise on
    torch.nn.init.normal_(generator.out.weight, std=0.3)
    return generator


@pytest.fixture
def critic():
    torch.manual_seed(2)
    return Critic(4, width=8, layers=2).double()


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(3)
    conditions = torch.randn(len(COUNTS), 4, generator=random, dtype=torch.float64)
    return bundles(conditions, COUNTS, MUONS)


@pytest.fixture
def noise():
    random = torch.Generator().manual_seed(4)
    return Noise(
        torch.randn(len(COUNTS), 2, generator=random, dtype=torch.float64),
        torch.randn(MUONS, 4, generator=random, dtype=torch.float64),
    )


def permutation(batch, seed=0):
    """Return an order of muons that mixes them within their events only."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(np.lexsort((rng.random(MUONS), batch.event.numpy())))


def test_generator_is_equivariant_under_permutation(generator, batch, noise):
    order = permutation(batch)
    assert not torch.equal(order, torch.arange(MUONS))
    muons = generator(batch, noise)
    mixed = generator(batch, noise._replace(muon=noise.muon[order]))
    torch.testing.assert_close(mixed, muons[order])


def test_generator_is_equivariant_under_rotation(generator, batch, noise):
    cos, sin = np.cos(2.1), np.sin(2.1)
    rotation = torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64)
    turned = noise.muon.clone()
    turned[:, 1:3] = turned[:, 1:3] @ rotation
    muons, rotated = generator(batch, noise), generator(batch, noise._replace(muon=turned))
    torch.testing.assert_close(rotated[:, 0], muons[:, 0])
    torch.testing.assert_close(rotated[:, 1:], muons[:, 1:] @ rotation)


def test_muons_have_the_energy_and_radius_that_the_critic_is_shown(generator, batch, noise):
    muons = generator(batch, noise)
    shown = generator.energy_radius(batch, noise)
    torch.testing.assert_close(muons[:, 0], shown[:, 0])
    torch.testing.assert_close(torch.hypot(muons[:, 1], muons[:, 2]), shown[:, 1])


def test_generator_sees_conditions_counts_and_both_noises(generator, batch, noise):
    muons = generator(batch, noise)
    changed = [
        generator(batch._replace(conditions=batch.conditions + 1), noise),
        generator(batch._replace(counts=batch.counts + 1), noise),
        generator(batch, noise._replace(event=noise.event + 1)),
    ]
    for other in changed:
        assert ((other - muons).abs().amax(dim=1) > 1e-6).all()
    for column in range(4):
        nudged = noise.muon.clone()
        nudged[:, column] += 1
        assert ((generator(batch, noise._replace(muon=nudged)) - muons).abs() > 1e-6).any()


def test_critic_is_invariant_under_permutation(critic, generator, batch, noise):
    points = generator.energy_radius(batch, noise)
    torch.testing.assert_close(critic(points[permutation(batch)], batch), critic(points, batch))


def test_events_of_a_batch_do_not_mix(critic, generator, batch, noise):
    """Event 3 alone gives what it gives among others."""
    own = batch.event == 3
    alone = bundles(batch.conditions[3:4], batch.counts[3:4], int(own.sum()))
    points = generator.energy_radius(batch, noise)
    alone_points = generator.energy_radius(alone, Noise(noise.event[3:4], noise.muon[own]))
    torch.testing.assert_close(alone_points, points[own])
    torch.testing.assert_close(critic(alone_points, alone), critic(points, batch)[3:4])


def test_pooling_is_mean_scaled_sum_and_maximum(batch):
    values = torch.randn(MUONS, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    pooled, maximum = pool(values, batch), pool_max(values, batch)
    for event, count in enumerate(COUNTS.tolist()):
        own = values[batch.event == event]
        expected = torch.cat([own.mean(dim=0), own.sum(dim=0) / count**0.5])
        torch.testing.assert_close(pooled[event], expected)
        torch.testing.assert_close(maximum[event], own.amax(dim=0))


def test_pooling_can_be_differentiated_twice(batch):
    values = torch.randn(
        MUONS, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6)
    ).requires_grad_()

    def both(values):
        return torch.cat([pool(values, batch), pool_max(values, batch)], dim=1) ** 3

    assert torch.autograd.gradcheck(both, values)
    assert torch.autograd.gradgradcheck(both, values)


def test_muons_are_sorted_within_their_events(batch):
    points = torch.randn(MUONS, 2, generator=torch.Generator().manual_seed(7))
    ordered = sorted_by_energy(points, batch.event)
    for event in range(len(COUNTS)):
        own = points[batch.event == event]
        expected = own[torch.argsort(own[:, 0])]
        torch.testing.assert_close(ordered[batch.event == event], expected)


def naive_critic_loss(critic, real, generated, mixing, batch, weight, batch_events):
    """The loss the obvious way: event by event, penalty by ``autograd.grad``."""
    total = 0.0
    for event, count in enumerate(COUNTS.tolist()):
        own = batch.event == event
        one = bundles(batch.conditions[event : event + 1], COUNTS[event : event + 1], count)
        t = mixing[event]
        between = (t * real[own] + (1 - t) * generated[own]).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(between, one).sum(), between, create_graph=True)
        total = total + critic(generated[own], one) - critic(real[own], one)
        total = total + weight * torch.relu(gradient.norm() - 1) ** 2
    return total.sum() / batch_events


def test_critic_loss_and_its_gradient_agree_with_the_obvious_way(critic, generator, batch, noise):
    generated = generator.energy_radius(batch, noise).detach()
    real = generated.flip(0) * 1.3
    with torch.no_grad():
        # steep enough for the penalty to act
        critic.out.weight.mul_(300.0)
    mixing = torch.linspace(0, 1, len(COUNTS), dtype=torch.float64)
    loss, sums = CriticLoss(critic, 10.0, 256)(real, generated, mixing, batch)
    expected = naive_critic_loss(critic, real, generated, mixing, batch, 10.0, 256)
    torch.testing.assert_close(loss, expected)
    parameters = list(critic.parameters())
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    wanted = torch.autograd.grad(expected, parameters, allow_unused=True, materialize_grads=True)
    for gradient, want in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(gradient, want, rtol=1e-9, atol=1e-12)
    loss_sum, gap, penalty, _ = sums.tolist()
    assert penalty > 0
    assert loss_sum == pytest.approx(10.0 * penalty - gap)
    assert loss_sum == pytest.approx(256 * expected.item())


def test_generator_loss_gives_the_critic_no_gradient(critic, generator, batch, noise):
    loss, loss_sum = GeneratorLoss(generator, 256)(critic, noise, batch)
    loss.backward()
    assert all(parameter.grad is None for parameter in critic.parameters())
    assert all(parameter.grad is not None for parameter in generator.parameters())
    values = critic(generator.energy_radius(batch, noise), batch)
    assert loss_sum.item() == pytest.approx(-values.sum().item())
    gradient = generator.out.weight.grad.clone()
    generator.zero_grad()
    (-values.sum() / 256).backward()
    torch.testing.assert_close(gradient, generator.out.weight.grad)


def test_generator_starts_with_independent_normal_muons(batch, noise):
    untrained = Generator(4, width=8, layers=3, event_noise=2, muon_noise=1).double()
    torch.testing.assert_close(untrained(batch, noise), noise.muon[:, :3])
