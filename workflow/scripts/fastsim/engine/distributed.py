"""The processes of a training: one, or as many as torchrun starts; gloo on CPUs, NCCL on GPUs."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Process:
    """This process among those of the training.

    Attributes:
        rank: 0 to ``world_size - 1``; rank 0 writes.
        world_size: number of processes.
        device: where this process computes.
        control: group of all for agreements between CPUs, for which no GPU waits; None if alone.
    """

    rank: int
    world_size: int
    device: torch.device
    control: dist.ProcessGroup | None = None

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0

    def replicate(self, module: nn.Module) -> nn.Module:
        """Let the gradients of ``module`` be averaged over all processes in each backward pass.

        The module's forward must be the whole loss: with a gradient penalty that leaves the
        wrapped module, or is computed beside it, the averaged gradient is silently wrong.
        """
        if self.control is None:
            return module
        return DistributedDataParallel(module, gradient_as_bucket_view=True)

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sum of ``values``, on the device, over all processes, on all of them."""
        total = values.clone()
        if self.control is not None:
            dist.all_reduce(total)
        return total

    def any(self, flag: bool) -> bool:
        """Return whether any process passes true."""
        return any(self.gather(torch.tensor(int(flag))))

    def from_main(self, value: float) -> float:
        """Return the ``value`` that rank 0 passes."""
        return self.gather(torch.tensor(value, dtype=torch.float64))[0].item()

    def gather(self, values: torch.Tensor) -> list[torch.Tensor]:
        """Return every rank's ``values``, of one shape, on the CPU, on all of them."""
        own = values.detach().cpu()
        if self.control is None:
            return [own.clone()]
        gathered = [torch.empty_like(own) for _ in range(self.world_size)]
        dist.all_gather(gathered, own, group=self.control)
        return gathered

    def own(self, gathered: list[torch.Tensor], default: torch.Tensor) -> torch.Tensor:
        """Return what this rank has in :meth:`gather`'s list, or the default if nothing."""
        held = self.rank < len(gathered)
        return gathered[self.rank].to(default.device) if held else default

    def random_states(self) -> list[torch.Tensor]:
        """Return the states of torch's random generators of every rank, uint8, on all of them."""
        return self.gather(self._random_state())

    def set_random_states(self, states: list[torch.Tensor]) -> None:
        """Go on as after :meth:`random_states`, on the same kind of device."""
        state = self.own(states, self._random_state())
        size = len(torch.get_rng_state())
        torch.set_rng_state(state[:size])
        if self.device.type == "cuda" and len(state) > size:
            torch.cuda.set_rng_state(state[size:], self.device)

    def _random_state(self) -> torch.Tensor:
        states = [torch.get_rng_state()]
        if self.device.type == "cuda":
            states.append(torch.cuda.get_rng_state(self.device))
        return torch.cat(states)


@contextmanager
def process_group() -> Iterator[Process]:
    """Join the processes that torchrun started, or be alone; leave them at the end of the block.

    One GPU per local process where there are enough; the CPU, its cores shared evenly,
    otherwise.
    """
    local_rank = int(os.environ.get("LOCAL_RANK", 0))
    local_size = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if torch.cuda.is_available() and torch.cuda.device_count() >= local_size:
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    else:
        device = torch.device("cpu")
        torch.set_num_threads(max(1, torch.get_num_threads() // local_size))
    if "LOCAL_RANK" not in os.environ:
        yield Process(0, 1, device)
        return
    if sys.platform == "linux":
        # a killed torchrun takes this process along, which would go on unseen otherwise and write
        # into the folder of the next attempt
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if device.type == "cuda":
        dist.init_process_group("nccl", device_id=device)
    else:
        dist.init_process_group("gloo")
    control = dist.new_group(backend="gloo")
    yield Process(dist.get_rank(), dist.get_world_size(), device, control)
    # not after an error: the others may be waiting for this process, and it would wait for them
    dist.destroy_process_group()
