"""What a long training must not do: go on with numbers that are none, or die without a hint."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from fastsim.errors import InputError


class NonFinite:
    """Collects which updates were left out because they would not have been finite.

    The answers stay on the device until :meth:`check`, so that no step waits for them; it counts
    in :attr:`skipped` what was left out.

    Args:
        policy: ``stop`` or ``skip``.
    """

    def __init__(self, policy: str) -> None:
        self._policy = policy
        self._pending: list[tuple[str, torch.Tensor]] = []
        self.skipped = 0

    def add(self, what: str, bad: torch.Tensor) -> None:
        """Note an update: ``what`` names step, network and batch, ``bad`` is bool ()."""
        self._pending.append((what, bad))

    def check(self, newest_checkpoint: Path | None) -> None:
        """Count what was left out; with ``stop``, end at the first.

        Raises:
            InputError: an update was left out and the policy is ``stop``.
        """
        if not self._pending:
            return
        flags = torch.stack([bad for _, bad in self._pending]).tolist()
        named = [what for (what, _), bad in zip(self._pending, flags, strict=True) if bad]
        self._pending.clear()
        self.skipped += len(named)
        if named and self._policy == "stop":
            raise InputError(
                f"{named[0]}: loss or gradient is not finite; the last good checkpoint is "
                f"{newest_checkpoint or 'not written yet'}; lower the learning rate, or leave such "
                "updates out with non_finite: skip"
            )


@contextmanager
def explain_out_of_memory(keys: str) -> Iterator[None]:
    """Turn a lack of memory inside the block into an InputError that names config ``keys``."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not is_memory and "can't allocate memory" not in str(error):
            raise
        raise InputError(
            f"out of memory, {peak_memory() / 2**20:.0f} MiB were in use at most; lower {keys}"
        ) from None


def peak_memory() -> int:
    """Return the most bytes that this process has had at a time: on its GPU, or in main memory."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated()
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobyte
