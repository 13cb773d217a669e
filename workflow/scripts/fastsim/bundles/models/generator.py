"""The generator: noise, conditions and counts to the energies and radii of a bundle's muons."""

from typing import NamedTuple

import torch
from torch import nn

from fastsim.bundles.config.families import Family
from fastsim.bundles.models.layers import COUNT_FEATURES, Bundles, context
from fastsim.bundles.models.stack import Stack


class Noise(NamedTuple):
    """Standard normal numbers that the generator turns into muons.

    Attributes:
        event: float (B, E), shared by the muons of a bundle.
        muon: float (M, 3 + K): start of the energy, of x and of y, and K more.
    """

    event: torch.Tensor
    muon: torch.Tensor


class Generator(nn.Module):
    """Equivariant under permutation of muons and under rotation around the shower axis.

    Each muon starts at a random (energy, x, y); the network sees energy and sqrt(x^2 + y^2), adds
    to the energy and rescales the position. The azimuth is thus the one of the noise: uniform, and
    independent of everything else, exactly. At first the network changes nothing, so that training
    starts from independent muons with the right distributions (where the normalisation has made
    them normal).

    Args:
        conditions: number of conditions.
        width: of the hidden layers.
        layers: layers, as the family counts them.
        event_noise: random numbers shared by a bundle.
        muon_noise: random numbers of a muon besides energy and position.
        family: of the layers.
    """

    def __init__(
        self,
        conditions: int,
        width: int,
        layers: int,
        event_noise: int,
        muon_noise: int,
        family: Family = "epic",
    ) -> None:
        super().__init__()
        self.event_noise = event_noise
        self.muon_noise = 3 + muon_noise
        self.stack = Stack(
            2 + muon_noise, conditions + COUNT_FEATURES + event_noise, width, layers, family
        )
        self.out = nn.Linear(width, 2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def energy_radius(self, batch: Bundles, noise: Noise) -> torch.Tensor:
        """Return normalised energy and radius of each muon, (M, 2), without their azimuths."""
        start_radius = torch.hypot(noise.muon[:, 1], noise.muon[:, 2])[:, None]
        muons = torch.cat([noise.muon[:, :1], start_radius, noise.muon[:, 3:]], dim=1)
        bundle = torch.cat([context(batch), noise.event], dim=1)
        hidden, _ = self.stack(muons, bundle, batch)
        shift, log_scale = self.out(hidden).split(1, dim=1)
        return torch.cat([muons[:, :1] + shift, start_radius * torch.exp(log_scale)], dim=1)

    def forward(self, batch: Bundles, noise: Noise) -> torch.Tensor:
        """Return normalised muons (M, 3): energy, x, y."""
        energy, radius = self.energy_radius(batch, noise).split(1, dim=1)
        direction = nn.functional.normalize(noise.muon[:, 1:3], dim=1)
        return torch.cat([energy, radius * direction], dim=1)
