"""Losses of the Wasserstein GAN with gradient penalty, each the forward of one module.

I. Gulrajani et al., arXiv:1704.00028. Data-parallel training averages gradients rightly only when
the whole loss, penalty included, is inside the module that is replicated.

Losses are sums over the events at hand over the number of events of a full batch, and not means:
shares of several processes add up to the loss of the joint batch however uneven they are, and an
event counts the same in a small batch.
"""

import torch
from torch import nn

from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import Bundles

CRITIC_SUMS = ("critic_loss", "gap", "penalty", "gradient_norm")
"""What :class:`CriticLoss` reports beside its loss, summed over events."""


def sorted_by_energy(energy_radius: torch.Tensor, event: torch.Tensor) -> torch.Tensor:
    """Return muons (M, 2) with those of each event in order of energy."""
    by_energy = torch.argsort(energy_radius[:, 0])
    # a stable sort by event keeps the order of energies within each
    order = by_energy[torch.argsort(event[by_energy], stable=True)]
    return energy_radius[order]


class CriticLoss(nn.Module):
    """Wasserstein loss of the critic plus penalty on its gradient between real and generated.

    Args:
        critic: the network that the loss trains.
        gradient_penalty: weight of max(0, norm of an event's gradient - 1)^2, the one-sided
            penalty of the paper's section 4.
        batch_events: events of a full batch.
    """

    def __init__(self, critic: Critic, gradient_penalty: float, batch_events: int) -> None:
        super().__init__()
        self.critic = critic
        self.gradient_penalty = gradient_penalty
        self.batch_events = batch_events

    def forward(
        self,
        real: torch.Tensor,
        generated: torch.Tensor,
        mixing: torch.Tensor,
        batch: Bundles,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and the sums named by :data:`CRITIC_SUMS`.

        Args:
            real, generated: (M, 2) energy and radius, sorted by energy within each event, so that
                the muons of a pair resemble each other.
            mixing: uniform numbers (B,): where between the two the gradient is looked at.
            batch: the conditions and counts that both share.
        """
        events = len(batch.counts)
        both = Bundles(
            torch.cat([batch.conditions, batch.conditions]),
            torch.cat([batch.counts, batch.counts]),
            torch.cat([batch.event, batch.event + events]),
        )
        values = self.critic(torch.cat([real, generated]), both)
        gap = values[:events] - values[events:]
        norms = self._gradient_norms(torch.lerp(generated, real, mixing[batch.event, None]), batch)
        # one-sided: where real and generated agree, a slope of 1 forced upon the critic would
        # point anywhere and push the generator about (docs/EXPERIMENTS.md)
        penalty = torch.square(torch.relu(norms - 1.0))
        loss = (self.gradient_penalty * penalty - gap).sum()
        sums = torch.stack([loss, gap.sum(), penalty.sum(), norms.sum()])
        return loss / self.batch_events, sums.detach()

    def _gradient_norms(self, points: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return the norm over all muons' coordinates of each event's gradient, (B,)."""
        parameters = dict(self.critic.named_parameters())

        def total(points: torch.Tensor) -> torch.Tensor:
            return torch.func.functional_call(self.critic, parameters, (points, batch)).sum()

        squares = torch.func.grad(total)(points).square().sum(dim=1)
        sums = squares.new_zeros(len(batch.counts)).index_add(0, batch.event, squares)
        # the square root has no derivative at 0
        return torch.sqrt(sums + 1e-12)


class GeneratorLoss(nn.Module):
    """The negative of the critic's value of generated bundles.

    Args:
        generator: the network that the loss trains.
        batch_events: events of a full batch.
    """

    def __init__(self, generator: Generator, batch_events: int) -> None:
        super().__init__()
        self.generator = generator
        self.batch_events = batch_events

    def forward(
        self, critic: Critic, noise: Noise, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and its sum over events; ``critic`` gets no gradient."""
        frozen = {name: value.detach() for name, value in critic.named_parameters()}
        points = self.generator.energy_radius(batch, noise)
        loss = -torch.func.functional_call(critic, frozen, (points, batch)).sum()
        return loss / self.batch_events, loss.detach()
