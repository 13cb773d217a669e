"""Windows of events read from disk by a thread, one ahead of the window in use."""

import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future

import numpy as np
import torch

from fastsim.data.flat_events import FlatEvents
from fastsim.data.prepared_blocks import PreparedBlocks
from fastsim.data.shards import Shard

# a thread that hangs in a read (a dead file server) is left behind after so many seconds
PATIENCE = 10.0


class WindowReader:
    """Hands out windows one by one and, meanwhile, reads the next, which is all that it holds.

    Args:
        blocks: what windows are made of.
    """

    def __init__(self, blocks: PreparedBlocks) -> None:
        self._blocks = blocks
        self._ahead: _Reading | None = None

    def take(self, numbers: np.ndarray, following: np.ndarray) -> FlatEvents:
        """Return the events of a window, on the host, and begin to read the one that follows.

        Args:
            numbers: of the window's blocks.
            following: of the blocks that are likely to be asked for next.

        Raises:
            InputError: as :meth:`~fastsim.data.prepared_blocks.PreparedBlocks.read`.
        """
        if self._ahead is None or not np.array_equal(self._ahead.numbers, numbers):
            self.close()
            self._ahead = _Reading(self._blocks, numbers)
        events = self._ahead.result()
        self._ahead = _Reading(self._blocks, following)
        return events

    def close(self) -> None:
        """End the thread; what it has read is forgotten."""
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None


class _Reading:
    """A window being read by a thread of its own.

    The thread ends with the window, or after the block at hand once nobody wants it any more: when
    it is cancelled, when this object is collected, and when the program ends.
    """

    def __init__(self, blocks: PreparedBlocks, numbers: np.ndarray) -> None:
        self.numbers = numbers
        self._future: Future[FlatEvents] = Future()
        unwanted = threading.Event()
        # it knows nothing of this object, which could not be collected otherwise
        thread = threading.Thread(
            target=_read,
            args=(blocks, numbers, unwanted, self._future),
            name="window reader",
            daemon=True,
        )
        self.cancel = weakref.finalize(self, _end, thread, unwanted)
        thread.start()

    def result(self) -> FlatEvents:
        """Wait for the window; what went wrong in the thread is raised here."""
        return self._future.result()


def _read(
    blocks: PreparedBlocks,
    numbers: np.ndarray,
    unwanted: threading.Event,
    future: "Future[FlatEvents]",
) -> None:
    def wanted() -> Iterator[Shard]:
        for number in numbers:
            if unwanted.is_set():
                raise CancelledError
            yield blocks.read(number)

    try:
        totals = blocks.totals(numbers)
        future.set_result(FlatEvents.join(wanted(), *totals, torch.device("cpu")))
    except BaseException as error:
        future.set_exception(error)


def _end(thread: threading.Thread, unwanted: threading.Event) -> None:
    unwanted.set()
    # objects are collected in any thread; and none waits for itself
    if thread is not threading.current_thread():
        thread.join(PATIENCE)
