"""Losses of the GAN: against the obvious way, and with the derivatives of finite differences."""

import pytest
import torch
from gan_networks import (
    COUNTS,
    LARGE_COUNTS,
    MUONS,
    NAMES,
    TINY_COUNTS,
    make_batch,
    make_critic,
    make_generator,
    make_noise,
)

from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Noise
from fastsim.bundles.models.layers import bundles
from fastsim.bundles.models.wgan_gp import CriticLoss, GeneratorLoss, sorted_by_energy


@pytest.fixture(params=NAMES)
def family(request):
    return request.param


@pytest.fixture
def generator(family):
    return make_generator(family)


@pytest.fixture
def critic(family):
    return make_critic(family)


@pytest.fixture
def batch():
    return make_batch()


@pytest.fixture
def noise():
    return make_noise()


def test_muons_are_sorted_within_their_events(batch):
    points = torch.randn(MUONS, 2, generator=torch.Generator().manual_seed(7))
    ordered = sorted_by_energy(points, batch.event)
    for event in range(len(COUNTS)):
        own = points[batch.event == event]
        expected = own[torch.argsort(own[:, 0])]
        torch.testing.assert_close(ordered[batch.event == event], expected)


PENALTIES = {
    "one-sided": lambda norm: torch.relu(norm - 1) ** 2,
    "two-sided": lambda norm: (norm - 1) ** 2,
    "r1r2": lambda norm: norm**2 / 2,
}


def naive_critic_loss(critic, real, generated, mixing, batch, penalty, weight, batch_events):
    """The loss the obvious way: event by event, penalty by ``autograd.grad``."""
    total = 0.0
    for event, count in enumerate(COUNTS.tolist()):
        own = batch.event == event
        one = bundles(batch.conditions[event : event + 1], COUNTS[event : event + 1], count)
        total = total + critic(generated[own], one) - critic(real[own], one)
        t = mixing[event]
        between = t * real[own] + (1 - t) * generated[own]
        for points in [real[own], generated[own]] if penalty == "r1r2" else [between]:
            points = points.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(critic(points, one).sum(), points, create_graph=True)
            total = total + weight * PENALTIES[penalty](gradient.norm())
    return total.sum() / batch_events


@pytest.mark.parametrize("penalty", PENALTIES)
def test_critic_loss_and_its_gradient_agree_with_the_obvious_way(
    critic, generator, batch, noise, penalty
):
    generated = generator.energy_radius(batch, noise).detach()
    real = generated.flip(0) * 1.3
    mixing = torch.linspace(0, 1, len(COUNTS), dtype=torch.float64)
    critic_loss = CriticLoss(critic, penalty, 10.0, 256, "fp32")
    with torch.no_grad():
        _, (*_, norms) = critic_loss(real, generated, mixing, batch)
        # steep enough for the penalty to act
        critic.out.weight.mul_(3.0 * len(COUNTS) / norms)
    loss, sums = critic_loss(real, generated, mixing, batch)
    expected = naive_critic_loss(critic, real, generated, mixing, batch, penalty, 10.0, 256)
    torch.testing.assert_close(loss, expected)
    parameters = list(critic.parameters())
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    wanted = torch.autograd.grad(expected, parameters, allow_unused=True, materialize_grads=True)
    for gradient, want in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(gradient, want, rtol=1e-9, atol=1e-12)
    loss_sum, gap, penalty_sum, _ = sums.tolist()
    assert penalty_sum > 0
    assert loss_sum == pytest.approx(10.0 * penalty_sum - gap)
    assert loss_sum == pytest.approx(256 * expected.item())


def test_generator_loss_gives_the_critic_no_gradient(critic, generator, batch, noise):
    loss, loss_sum = GeneratorLoss(generator, 256, "fp32")(critic, noise, batch)
    loss.backward()
    assert all(parameter.grad is None for parameter in critic.parameters())
    assert all(parameter.grad is not None for parameter in generator.parameters())
    values = critic(generator.energy_radius(batch, noise), batch)
    assert loss_sum.item() == pytest.approx(-values.sum().item())
    gradient = generator.out.weight.grad.clone()
    generator.zero_grad()
    (-values.sum() / 256).backward()
    torch.testing.assert_close(gradient, generator.out.weight.grad)


def test_a_share_without_events_gives_gradients_of_zero(critic, generator, batch):
    """With more processes than events one has none, and must take part in the sums."""
    empty = bundles(batch.conditions[:0], batch.counts[:0], 0)
    noise = Noise(torch.zeros(0, 2).double(), torch.zeros(0, 4).double())
    points = generator.energy_radius(empty, noise).detach()
    CriticLoss(critic, "one-sided", 10.0, 8, "fp32")(points, points, points[:, 0], empty)[
        0
    ].backward()
    GeneratorLoss(generator, 8, "fp32")(critic, noise, empty)[0].backward()
    for network in (critic, generator):
        assert all((parameter.grad == 0).all() for parameter in network.parameters())


def test_gradient_norms_have_the_derivatives_of_finite_differences(family):
    """The penalty's path: gradients by ``torch.func.grad``, differentiated once more."""
    critic, batch = make_critic(family, width=4), make_batch(TINY_COUNTS)
    points = make_noise(TINY_COUNTS).muon[:, :2].requires_grad_()
    names, values = zip(*critic.named_parameters(), strict=True)

    def norms(points, *values):
        def total(points):
            weights = dict(zip(names, values, strict=True))
            return torch.func.functional_call(critic, weights, (points, batch)).sum()

        squares = torch.func.grad(total)(points).square().sum(dim=1)
        return (
            torch.zeros(len(TINY_COUNTS), dtype=torch.float64)
            .index_add(0, batch.event, squares)
            .sqrt()
        )

    values = [value.detach().requires_grad_() for value in values]
    assert norms(points, *values).min() > 0
    assert torch.autograd.gradcheck(norms, (points, *values), fast_mode=True)


def test_losses_in_bfloat16_have_the_gradient_of_full_precision(generator, critic):
    generator, critic = generator.float(), critic.float()
    batch = make_batch(LARGE_COUNTS, torch.float32)
    noise = make_noise(LARGE_COUNTS, torch.float32)
    points = generator.energy_radius(batch, noise).detach()
    gradients = {}
    for precision in ("fp32", "bf16"):
        critic.zero_grad()
        loss = CriticLoss(critic, "one-sided", 10.0, 4, precision)
        loss(3.0 * points, points, torch.full((4,), 0.5), batch)[0].backward()
        generator.zero_grad()
        GeneratorLoss(generator, 4, precision)(critic, noise, batch)[0].backward()
        for name, network in (("critic", critic), ("generator", generator)):
            weights = [weight.grad.flatten() for weight in network.parameters()]
            gradients[precision, name] = torch.cat(weights)
    for name in ("critic", "generator"):
        pair = gradients["fp32", name], gradients["bf16", name]
        assert torch.cosine_similarity(*pair, dim=0) > 0.99, name


@pytest.mark.slow
def test_one_compiled_graph_serves_all_batches(family):
    """Bundles and muons differ from batch to batch; compiling takes longer than many steps."""
    critic = Critic(4, width=8, layers=1, family=family).double()
    critic_loss = CriticLoss(critic, "one-sided", 10.0, 8, "fp32")
    # traced as by the default backend, without the time for its code
    compiled = torch.compile(critic_loss, backend="aot_eager", fullgraph=True, dynamic=True)
    torch.compiler.reset()
    for counts in (COUNTS, LARGE_COUNTS, TINY_COUNTS):
        batch, points = make_batch(counts), make_noise(counts).muon[:, :2]
        mixing = torch.linspace(0, 1, len(counts), dtype=torch.float64)
        gradients = []
        with torch._dynamo.config.patch(error_on_recompile=True):
            for loss in (critic_loss, compiled):
                critic.zero_grad()
                loss(points, points.flip(0), mixing, batch)[0].backward()
                gradients.append(torch.cat([p.grad.flatten() for p in critic.parameters()]))
        torch.testing.assert_close(*gradients)
