"""How the networks compute: width of numbers, compilation, determinism."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import nn

Trial = Callable[[], tuple[torch.Tensor, torch.Tensor]]
# between results of a network and of the same compiled; half precisions differ by about 0.01
TOLERANCE = 0.05
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context in which forward passes run in ``precision``: fp32, bf16 or fp16."""
    return torch.autocast(device.type, DTYPES[precision], enabled=precision != "fp32")


def set_numerics(deterministic: bool, detect_anomaly: bool) -> None:
    """Set what holds for all operations of the process, before the first on a GPU.

    Args:
        deterministic: every operation repeats bit for bit, or raises RuntimeError if it cannot.
        detect_anomaly: a NaN in a gradient raises RuntimeError, with the operation it came from.
    """
    torch.autograd.set_detect_anomaly(detect_anomaly)
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def wants_compilation(mode: Literal["auto"] | bool, device: torch.device) -> bool:
    """Return whether to compile; ``auto`` means on GPUs only."""
    return device.type == "cuda" if mode == "auto" else mode


def compile_module(module: nn.Module, trial: Trial) -> None:
    """Compile the forward of ``module`` in place, for batches of any size.

    Where there is no working compiler, or one with other results, it stays as it is, with one
    warning.

    Args:
        module: the network or loss to compile.
        trial: calls the module on a batch and returns the loss and figures that it came from.
    """
    expected = _figures_and_gradient(module, trial)
    # to overlap sums over processes, it would cut the graph, and fails to inside a derivative that
    # is differentiated, when a share of another number of events is compiled anew
    torch._dynamo.config.optimize_ddp = False
    module.compile(dynamic=True)
    try:
        for before, now in zip(expected, _figures_and_gradient(module, trial), strict=True):
            if not (now - before).norm() <= TOLERANCE * before.norm():
                raise RuntimeError("the compiled network has other results")
    # what a compiler may raise is open-ended
    except Exception as error:
        module._compiled_call_impl = None
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"warning: not compiled, and so slower ({reason})", file=sys.stderr, flush=True)
    finally:
        module.zero_grad()


def _figures_and_gradient(module: nn.Module, trial: Trial) -> list[torch.Tensor]:
    module.zero_grad()
    loss, figures = trial()
    loss.backward()
    gradients = [p.grad.flatten() for p in module.parameters() if p.grad is not None]
    return [figures.detach(), torch.cat(gradients)]
