"""A cluster's wish to have its node back: notice, save, end so that the job is tried again."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_STATUS = 75
"""Of a training that was told to end: EX_TEMPFAIL of sysexits.h, "try again later"."""

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def told_to_end() -> Iterator[Callable[[], bool]]:
    """Note SIGTERM and SIGUSR1 inside the block instead of dying of them.

    What is yielded returns whether one came; it is asked between steps, where a checkpoint can be
    written.
    """
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in SIGNALS}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
