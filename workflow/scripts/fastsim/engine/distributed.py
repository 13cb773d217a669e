"""The processes of a training as torchrun starts them: gloo on CPUs, NCCL on GPUs."""

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

from fastsim.errors import InputError


@dataclass(frozen=True)
class Process:
    """This process among those of the training.

    Attributes:
        rank: 0 to ``world_size - 1``; rank 0 writes.
        world_size: number of processes.
        device: where this process computes.
    """

    rank: int
    world_size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0


@contextmanager
def process_group() -> Iterator[Process]:
    """Join the processes that torchrun started; leave them at the end of the block.

    One GPU per local process where there are enough; the CPU, its cores shared evenly,
    otherwise.

    Raises:
        InputError: the program was not started by torchrun.
    """
    if "LOCAL_RANK" not in os.environ:
        raise InputError(
            "not started by torchrun; use torchrun --standalone --nproc-per-node 1 PROGRAM ..."
        )
    _end_with_parent()
    local_rank, local_size = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    if torch.cuda.is_available() and torch.cuda.device_count() >= local_size:
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", device_id=device)
    else:
        device = torch.device("cpu")
        torch.set_num_threads(max(1, torch.get_num_threads() // local_size))
        dist.init_process_group("gloo")
    try:
        yield Process(dist.get_rank(), dist.get_world_size(), device)
    finally:
        dist.destroy_process_group()


def _end_with_parent() -> None:
    """Let the kernel kill this process when torchrun is killed, which cannot do it any more.

    Otherwise it would go on unseen and write into the folder of the next attempt.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def replicate(module: nn.Module) -> nn.Module:
    """Let the gradients of ``module`` be averaged over all processes in each backward pass.

    The module's forward must be the whole loss: with a gradient penalty that leaves the wrapped
    module, or is computed beside it, the averaged gradient is silently wrong.
    """
    return DistributedDataParallel(module, gradient_as_bucket_view=True)


def sum_over_processes(values: torch.Tensor) -> torch.Tensor:
    """Return the sum of ``values`` over all processes, on all of them."""
    total = values.clone()
    dist.all_reduce(total)
    return total
