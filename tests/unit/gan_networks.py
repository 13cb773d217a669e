"""Small networks, batches and noise for the tests of generator, critic and their losses."""

from typing import get_args

import torch

from fastsim.bundles.config.families import Family
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import Bundles, bundles

NAMES = get_args(Family)
COUNTS = torch.tensor([1, 7, 2, 30, 1])
MUONS = int(COUNTS.sum())
TINY_COUNTS = torch.tensor([1, 3, 2])
LARGE_COUNTS = torch.tensor([5000, 1, 1, 300])


def make_generator(family: str) -> Generator:
    torch.manual_seed(1)
    generator = Generator(4, width=8, layers=3, event_noise=2, muon_noise=1, family=family).double()
    # an untrained one hands its noise on
    torch.nn.init.normal_(generator.out.weight, std=0.3)
    return generator


def make_critic(family: str, width: int = 8) -> Critic:
    torch.manual_seed(2)
    return Critic(4, width=width, layers=2, family=family).double()


def make_batch(counts: torch.Tensor = COUNTS, dtype: torch.dtype = torch.float64) -> Bundles:
    random = torch.Generator().manual_seed(3)
    conditions = torch.randn(len(counts), 4, generator=random, dtype=torch.float64)
    return bundles(conditions.to(dtype), counts, int(counts.sum()))


def make_noise(counts: torch.Tensor = COUNTS, dtype: torch.dtype = torch.float64) -> Noise:
    random = torch.Generator().manual_seed(4)
    shapes = ((len(counts), 2), (int(counts.sum()), 4))
    return Noise(
        *(torch.randn(shape, generator=random, dtype=torch.float64).to(dtype) for shape in shapes)
    )
