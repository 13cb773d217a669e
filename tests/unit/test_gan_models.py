"""Generator and critic: what must hold for every family of networks."""

import numpy as np
import pytest
import torch
from gan_networks import (
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
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import bundles
from fastsim.bundles.models.stack import FAMILIES

# float32 against float64, and bfloat16 (8 bits of mantissa) against float32
SINGLE = {"rtol": 1e-4, "atol": 1e-4}
BRAIN = {"rtol": 0.1, "atol": 0.1}


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


def test_generator_starts_with_independent_normal_muons(family, batch, noise):
    untrained = Generator(4, width=8, layers=3, event_noise=2, muon_noise=1, family=family).double()
    torch.testing.assert_close(untrained(batch, noise), noise.muon[:, :3])


def test_every_family_that_can_be_asked_for_exists():
    assert set(FAMILIES) == set(NAMES)
    with pytest.raises(KeyError):
        Critic(4, 8, 2, family="unknown")


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_families_have_the_parameters_of_their_definitions():
    width, depth, linear = 8, 3, 8 * 8 + 8
    lifted = (2 * width + width) + (6 * width + width)
    head = (4 * width + 6) * width + width + linear + width + 1
    pooled = 3 * width * width + width
    norm, network = 2 * width, 4 * width * width + 3 * width
    layers = {
        "deepsets": 2 * depth * linear + pooled,
        "epic": depth * (pooled + 2 * linear + width * width),
        # scores of 4 points in 4 heads; 6 maps, one without bias; 4 points
        "transformer": depth
        * (16 * width + 6 * linear - width + 4 * width + 2 * (network + norm) + 2 * norm),
    }
    for family, expected in layers.items():
        assert parameters(Critic(4, width, depth, family)) == lifted + expected + head, family


def test_epic_keeps_the_names_of_saved_weights():
    """Run folders of earlier versions are still read."""
    names = set(Generator(4, 8, 1, event_noise=2, muon_noise=1).state_dict())
    parts = ("layers.0.pooled", "layers.0.bundle", "layers.0.muon", "muon_in", "bundle_in")
    expected = {f"stack.{part}" for part in parts} | {"out"}
    assert names == {f"{part}.{kind}" for part in expected for kind in ("weight", "bias")} | {
        "stack.layers.0.shared.weight"
    }


def test_every_parameter_gets_a_gradient(critic, generator, batch, noise):
    """Data-parallel training waits for ever for the gradient of a parameter without one."""
    critic(generator.energy_radius(batch, noise), batch).sum().backward()
    for network in (critic, generator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


def test_the_critic_can_be_differentiated_twice(family):
    critic, batch = make_critic(family, width=4), make_batch(TINY_COUNTS)
    points = make_noise(TINY_COUNTS).muon[:, :2].requires_grad_()
    assert torch.autograd.gradgradcheck(lambda points: critic(points, batch), points)


@pytest.mark.parametrize("width", [4, 5, 6, 10])
def test_any_width_will_do(family, width, batch, noise):
    generator = Generator(4, width, 1, event_noise=2, muon_noise=1, family=family).double()
    critic = Critic(4, width, 1, family).double()
    assert critic(generator.energy_radius(batch, noise), batch).isfinite().all()


def values_of_large_bundles(generator, critic, dtype):
    batch, noise = make_batch(LARGE_COUNTS, dtype), make_noise(LARGE_COUNTS, dtype)
    points = generator.energy_radius(batch, noise)
    return points, critic(points, batch)


def test_bundles_of_one_and_of_thousands_agree_in_every_precision(generator, critic):
    """Sums over 5000 muons would be off by half in bfloat16."""
    with torch.no_grad():
        exact = values_of_large_bundles(generator, critic, torch.float64)
        single = values_of_large_bundles(generator.float(), critic.float(), torch.float32)
        with torch.autocast("cpu", torch.bfloat16):
            brain = values_of_large_bundles(generator, critic, torch.float32)
    for want, got, rough in zip(exact, single, brain, strict=True):
        assert want.isfinite().all()
        assert want.std() > 0.01
        torch.testing.assert_close(got.double(), want, **SINGLE)
        torch.testing.assert_close(rough.double(), want, **BRAIN)


def kept_for_backward(critic, counts):
    """Return how many numbers a forward pass keeps."""
    sizes = []

    def keep(tensor):
        sizes.append(tensor.numel())
        return tensor

    batch = make_batch(torch.tensor(counts))
    points = torch.zeros(sum(counts), 2, dtype=torch.float64)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        critic(points, batch)
    return sum(sizes)


def test_memory_grows_with_the_muons_and_not_with_the_largest_bundle(critic):
    """Neither the square of a bundle's muons nor padding to the largest one is paid for."""
    small, middle, large = (kept_for_backward(critic, [n] * 10) for n in (10, 100, 1000))
    assert large - middle == 10 * (middle - small)
    assert kept_for_backward(critic, [1] * 9 + [9991]) == large
