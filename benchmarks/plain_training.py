"""The WGAN-GP's step written the obvious way, as a measure for the real one.

The same networks (family epic), batches, noise and loss; a pass each for real, generated and mixed
bundles, the penalty by ``autograd.grad``, torch's plain Adam, every loss fetched from the device
each step. Two ways to treat bundles of different size: flat, as the real one does, and padded with
zeros to the largest bundle of the batch under a mask, as is common.
"""

from typing import Protocol

import torch
from torch.nn.functional import leaky_relu

from fastsim.bundles.gan_data import StepNoise
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import SLOPE, Bundles, bundles, context
from fastsim.bundles.models.stack import Stack
from fastsim.bundles.models.wgan_gp import sorted_by_energy
from fastsim.data.event_batches import EventBatches


class Passes(Protocol):
    """How the networks are evaluated."""

    def generated(self, generator: Generator, noise: Noise, known: Bundles) -> torch.Tensor:
        """Return energies and radii (M, 2)."""

    def values(self, critic: Critic, points: torch.Tensor, known: Bundles) -> torch.Tensor:
        """Return the critic's values (B,) of energies and radii (M, 2)."""


class Flat:
    """The networks as they are."""

    def generated(self, generator: Generator, noise: Noise, known: Bundles) -> torch.Tensor:
        """Return energies and radii (M, 2)."""
        return generator.energy_radius(known, noise)

    def values(self, critic: Critic, points: torch.Tensor, known: Bundles) -> torch.Tensor:
        """Return the critic's values (B,) of energies and radii (M, 2)."""
        return critic(points, known)


class Padded:
    """The same weights on bundles padded to the largest of the batch."""

    def generated(self, generator: Generator, noise: Noise, known: Bundles) -> torch.Tensor:
        """Return energies and radii (M, 2)."""
        radius = torch.hypot(noise.muon[:, 1], noise.muon[:, 2])[:, None]
        muons = torch.cat([noise.muon[:, :1], radius, noise.muon[:, 3:]], dim=1)
        mask = _mask(known)
        padded = _pad(muons, mask)
        hidden, _ = _stack(
            generator.stack, padded, torch.cat([context(known), noise.event], dim=1), mask, known
        )
        shift, log_scale = generator.out(hidden).split(1, dim=2)
        points = torch.cat([padded[..., :1] + shift, padded[..., 1:2] * log_scale.exp()], dim=2)
        return points[mask]

    def values(self, critic: Critic, points: torch.Tensor, known: Bundles) -> torch.Tensor:
        """Return the critic's values (B,) of energies and radii (M, 2)."""
        mask = _mask(known)
        conditions = context(known)
        hidden, vector = _stack(critic.stack, _pad(points, mask), conditions, mask, known)
        maximum = hidden.masked_fill(~mask[..., None], -torch.inf).amax(dim=1)
        pooled = [vector, _pool(hidden, mask, known), maximum, conditions]
        head = leaky_relu(critic.head(torch.cat(pooled, dim=1)), SLOPE)
        head = leaky_relu(head + critic.second_head(head), SLOPE)
        return critic.out(head).squeeze(1)


def _mask(known: Bundles) -> torch.Tensor:
    largest = int(known.counts.max())
    return torch.arange(largest, device=known.counts.device) < known.counts[:, None]


def _pad(flat: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return flat.new_zeros(*mask.shape, flat.shape[1]).masked_scatter(mask[..., None], flat)


def _pool(hidden: torch.Tensor, mask: torch.Tensor, known: Bundles) -> torch.Tensor:
    sums = (hidden * mask[..., None]).sum(dim=1)
    counts = known.counts[:, None]
    return torch.cat([sums / counts, sums / counts.sqrt()], dim=1)


def _stack(
    stack: Stack, muons: torch.Tensor, bundle: torch.Tensor, mask: torch.Tensor, known: Bundles
) -> tuple[torch.Tensor, torch.Tensor]:
    vector = leaky_relu(stack.bundle_in(bundle), SLOPE)
    hidden = leaky_relu(stack.muon_in(muons) + vector[:, None], SLOPE)
    for layer in stack.layers:
        pooled = layer.pooled(torch.cat([vector, _pool(hidden, mask, known)], dim=1))
        vector = leaky_relu(vector + layer.bundle(leaky_relu(pooled, SLOPE)), SLOPE)
        hidden = leaky_relu(hidden + layer.muon(hidden) + layer.shared(vector)[:, None], SLOPE)
    return hidden, vector


class PlainTraining:
    """Steps of generator and critic at constant learning rates.

    Args:
        generator, critic: the networks, of family epic.
        passes: how they are evaluated.
        data: batches.
        seed: of the noise.
        critic_steps, penalty_weight, betas: as the keys of ``train_gan``.
        rates: learning rates of generator and critic.
    """

    def __init__(
        self,
        generator: Generator,
        critic: Critic,
        passes: Passes,
        data: EventBatches,
        *,
        seed: int,
        critic_steps: int,
        penalty_weight: float,
        rates: tuple[float, float],
        betas: tuple[float, float],
    ) -> None:
        self.generator, self.critic, self.passes, self.data = generator, critic, passes, data
        self.critic_steps, self.penalty_weight = critic_steps, penalty_weight
        self.noise = StepNoise(seed, generator, next(generator.parameters()).device)
        self.generator_optimizer = torch.optim.Adam(generator.parameters(), rates[0], betas)
        self.critic_optimizer = torch.optim.Adam(critic.parameters(), rates[1], betas)

    def step(self, step: int) -> tuple[float, float]:
        """Make step number ``step``, from 1; return the critic's mean loss and the generator's."""
        losses = []
        for use in range(self.critic_steps):
            batch = self.data.next()
            part = slice(0, len(batch.counts))
            conditions, counts, real = batch.gather(part)
            known = bundles(conditions, counts, len(real))
            noise, mixing = self.noise.draw((step, use), batch.counts, part)
            with torch.no_grad():
                fake = self.passes.generated(self.generator, noise, known)
                fake = sorted_by_energy(fake, known.event)
            critic_loss = self._critic_loss(real, fake, mixing, known)
            self.critic_optimizer.zero_grad()
            critic_loss.backward()
            self.critic_optimizer.step()
            losses.append(critic_loss.item())
        noise, _ = self.noise.draw((step, self.critic_steps), batch.counts, part)
        fake = self.passes.generated(self.generator, noise, known)
        generator_loss = -self.passes.values(self.critic, fake, known).mean()
        self.generator_optimizer.zero_grad()
        generator_loss.backward()
        self.generator_optimizer.step()
        return sum(losses) / len(losses), generator_loss.item()

    def _critic_loss(
        self, real: torch.Tensor, fake: torch.Tensor, mixing: torch.Tensor, known: Bundles
    ) -> torch.Tensor:
        """Return the Wasserstein loss with the one-sided penalty."""
        gap = self.passes.values(self.critic, real, known).mean()
        gap = gap - self.passes.values(self.critic, fake, known).mean()
        weight = mixing[known.event, None]
        mixed = (weight * real + (1 - weight) * fake).requires_grad_(True)
        value = self.passes.values(self.critic, mixed, known).sum()
        gradient = torch.autograd.grad(value, mixed, create_graph=True)[0]
        squares = gradient.new_zeros(len(known.counts))
        squares = squares.index_add(0, known.event, gradient.square().sum(dim=1))
        norms = torch.sqrt(squares + 1e-12)
        penalty = torch.clamp(norms - 1.0, min=0.0).square().mean()
        return self.penalty_weight * penalty - gap
