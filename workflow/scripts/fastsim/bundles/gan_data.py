"""Training bundles on the device, and the noise of each step."""

import numpy as np
import torch

from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import Bundles, bundles
from fastsim.data.ragged import offsets_of
from fastsim.data.shards import Shard
from fastsim.errors import InputError


class TrainingBundles:
    """The bundles with at least one muon as flat tensors of normalised energy and radius.

    Muons are kept in order of energy within each event. No azimuths are kept: the distribution is
    symmetric under rotation around the axis, and so is the generator.

    Args:
        shard: normalised events; those without muons are left out.
        device: where the tensors are kept.

    Raises:
        InputError: no event has a muon.
    """

    def __init__(self, shard: Shard, device: torch.device) -> None:
        shard = shard.select(shard.counts > 0)
        if len(shard) == 0:
            raise InputError("training shards: no event has a muon; at least one is needed")
        self.counts = shard.counts.astype(np.int64)
        event = np.repeat(np.arange(len(shard)), self.counts)
        points = energy_radius(shard.points)[np.lexsort((shard.points[:, 0], event))]
        self._device = device
        self._conditions = torch.from_numpy(shard.conditions.copy()).to(device)
        self._counts = torch.from_numpy(self.counts).to(device)
        self._starts = torch.from_numpy(offsets_of(self.counts)[:-1]).to(device)
        self._points = torch.from_numpy(points).to(device)

    def gather(self, rows: np.ndarray) -> tuple[torch.Tensor, Bundles]:
        """Return energies and radii (M, 2), and what is known, of the events ``rows``."""
        muons = int(self.counts[rows].sum())
        index = torch.from_numpy(rows).to(self._device)
        counts = self._counts[index]
        batch = bundles(self._conditions[index], counts, muons)
        shift = self._starts[index] - (torch.cumsum(counts, 0) - counts)
        positions = torch.arange(muons, device=self._device) + shift[batch.event]
        return self._points[positions], batch


def energy_radius(points: np.ndarray) -> np.ndarray:
    """Return normalised energy and radius, float32 (M, 2), of normalised muons (M, 3)."""
    return np.column_stack([points[:, 0], np.hypot(points[:, 1], points[:, 2])])


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
        self._seed = seed
        self._widths = (generator.event_noise, generator.muon_noise)
        self._random = torch.Generator(device)

    def draw(
        self, label: tuple[int, int], counts: np.ndarray, part: slice
    ) -> tuple[Noise, torch.Tensor]:
        """Return the generator's noise and uniform numbers (events,) for a share of a batch.

        Args:
            label: step, and number of the use within the step.
            counts: int (events,), muons of the events of the joint batch.
            part: the events of this share.
        """
        seed = np.random.SeedSequence((self._seed, *label)).generate_state(1, np.uint64)[0]
        self._random.manual_seed(int(seed))
        device = self._random.device
        offsets = offsets_of(counts)
        shape = (len(counts), self._widths[0])
        event = torch.randn(shape, generator=self._random, device=device)
        shape = (int(offsets[-1]), self._widths[1])
        muon = torch.randn(shape, generator=self._random, device=device)
        uniform = torch.rand(len(counts), generator=self._random, device=device)
        muons = slice(int(offsets[part.start]), int(offsets[part.stop]))
        return Noise(event[part], muon[muons]), uniform[part]
