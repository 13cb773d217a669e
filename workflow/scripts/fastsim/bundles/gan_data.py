"""What a bundle is for the training, and the noise of each step."""

import numpy as np
import torch

from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.representation import energy_radius
from fastsim.data.ragged import offsets_of, order_within_rows
from fastsim.data.shards import Shard
from fastsim.engine.step_random import StepRandom


def training_bundles(shard: Shard) -> Shard:
    """Return the bundles with at least one muon, by energy and radius, as the critic sees them.

    Muons are put in order of energy within each event. No azimuths are kept: the distribution is
    symmetric under rotation around the axis, and so is the generator.

    Args:
        shard: normalised events with muons (M, 3).
    """
    shard = shard.select(shard.counts > 0)
    order = order_within_rows(shard.points[:, 0], shard.counts)
    return Shard(shard.conditions, shard.counts, energy_radius(shard.points)[order])


class StepNoise:
    """The random numbers of a training, a pure function of seed, step and use.

    They are drawn for the joint batch of all processes, and each takes the part of its share, so
    that the number of processes changes nothing and a checkpoint needs no random state.

    Args:
        seed: of the training.
        generator: the network that the noise is for.
        device: where the numbers are drawn and used.
    """

    def __init__(self, seed: int, generator: Generator, device: torch.device) -> None:
        self._widths = (generator.event_noise, generator.muon_noise)
        self._random = StepRandom(seed, device)

    def draw(
        self, label: tuple[int, int], counts: np.ndarray, part: slice
    ) -> tuple[Noise, torch.Tensor]:
        """Return the generator's noise and uniform numbers (events,) for a share of a batch.

        Args:
            label: step, and number of the use within the step.
            counts: int (events,), muons of the events of the joint batch.
            part: the events of this share.
        """
        random = self._random.of(*label)
        device = random.device
        offsets = offsets_of(counts)
        shape = (len(counts), self._widths[0])
        event = torch.randn(shape, generator=random, device=device)
        shape = (int(offsets[-1]), self._widths[1])
        muon = torch.randn(shape, generator=random, device=device)
        uniform = torch.rand(len(counts), generator=random, device=device)
        muons = slice(int(offsets[part.start]), int(offsets[part.stop]))
        return Noise(event[part], muon[muons]), uniform[part]
