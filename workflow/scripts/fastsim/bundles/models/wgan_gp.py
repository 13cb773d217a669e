"""Losses of the Wasserstein GAN with gradient penalty, each the forward of one module.

I. Gulrajani et al., arXiv:1704.00028. Data-parallel training averages gradients rightly only when
the whole loss, penalty included, is inside the module that is replicated.

Losses are sums over the events at hand over the number of events of a full batch, and not means:
shares of several processes add up to the loss of the joint batch however uneven they are, and an
event counts the same in a small batch.
"""

import torch
from torch import nn

from fastsim.bundles.config.train_gan import Penalty
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import Bundles
from fastsim.engine.precision import autocast

CRITIC_SUMS = ("critic_loss", "gap", "penalty", "gradient_norm")
"""What :class:`CriticLoss` reports beside its loss, summed over events."""


def sorted_by_energy(energy_radius: torch.Tensor, event: torch.Tensor) -> torch.Tensor:
    """Return muons (M, 2) with those of each event in order of energy."""
    by_energy = torch.argsort(energy_radius[:, 0])
    # a stable sort by event keeps the order of energies within each
    order = by_energy[torch.argsort(event[by_energy], stable=True)]
    return energy_radius[order]


def twice(batch: Bundles) -> Bundles:
    """Return the bundles of ``batch`` followed by the same again."""
    return Bundles(
        torch.cat([batch.conditions, batch.conditions]),
        torch.cat([batch.counts, batch.counts]),
        torch.cat([batch.event, batch.event + len(batch.counts)]),
    )


class CriticLoss(nn.Module):
    """Wasserstein loss of the critic plus a penalty on the gradient of its value by the muons.

    With g the norm over all muons' coordinates of an event's gradient, the penalty is

    * ``one-sided``: max(0, g - 1)^2 between real and generated (the paper's section 4),
    * ``two-sided``: (g - 1)^2 there (the paper's equation 3),
    * ``r1r2``: g^2 / 2 at the real and at the generated event, added (L. Mescheder, A. Geiger,
      S. Nowozin, arXiv:1801.04406).

    Args:
        critic: the network that the loss trains.
        penalty: its kind.
        weight: of the penalty.
        batch_events: events of a full batch.
        precision: of the critic's forward pass; the penalty is in full precision.
    """

    def __init__(
        self, critic: Critic, penalty: Penalty, weight: float, batch_events: int, precision: str
    ) -> None:
        super().__init__()
        self.critic = critic
        self.penalty = penalty
        self.weight = weight
        self.batch_events = batch_events
        self.precision = precision

    def forward(
        self,
        real: torch.Tensor,
        generated: torch.Tensor,
        mixing: torch.Tensor,
        batch: Bundles,
        penalised: float = 1.0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and the sums named by :data:`CRITIC_SUMS`.

        Args:
            real, generated: (M, 2) energy and radius, sorted by energy within each event, so that
                the muons of a pair resemble each other.
            mixing: uniform numbers (B,): where between the two the gradient is looked at.
            batch: the conditions and counts that both share.
            penalised: how often the penalty counts this time; 0 leaves it out.
        """
        events = len(batch.counts)
        both = twice(batch)
        with autocast(real.device, self.precision):
            values = self.critic(torch.cat([real, generated]), both).float()
        gap = (values[:events] - values[events:]).sum()
        if penalised:
            penalty, norms = self._penalty(real, generated, mixing, batch, both)
        else:
            penalty = norms = torch.zeros_like(gap)
        loss = penalised * self.weight * penalty - gap
        sums = torch.stack([loss, gap, penalised * penalty, penalised * norms])
        return loss / self.batch_events, sums.detach()

    def _penalty(
        self,
        real: torch.Tensor,
        generated: torch.Tensor,
        mixing: torch.Tensor,
        batch: Bundles,
        both: Bundles,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sums over events of the penalty and of the norms it is made of."""
        if self.penalty == "r1r2":
            norms = self._gradient_norms(torch.cat([real, generated]), both)
            return torch.square(norms).sum() / 2.0, norms.sum() / 2.0
        between = torch.lerp(generated, real, mixing[batch.event, None])
        norms = self._gradient_norms(between, batch)
        excess = norms - 1.0
        if self.penalty == "one-sided":
            # where real and generated agree, a slope of 1 forced upon the critic would point
            # anywhere and push the generator about (docs/EXPERIMENTS.md)
            excess = torch.relu(excess)
        return torch.square(excess).sum(), norms.sum()

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
        precision: of the forward passes.
    """

    def __init__(self, generator: Generator, batch_events: int, precision: str) -> None:
        super().__init__()
        self.generator = generator
        self.batch_events = batch_events
        self.precision = precision

    def forward(
        self, critic: Critic, noise: Noise, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and its sum over events; ``critic`` gets no gradient."""
        frozen = {name: value.detach() for name, value in critic.named_parameters()}
        with autocast(noise.muon.device, self.precision):
            points = self.generator.energy_radius(batch, noise)
            values = torch.func.functional_call(critic, frozen, (points, batch))
        loss = -values.float().sum()
        return loss / self.batch_events, loss.detach()
