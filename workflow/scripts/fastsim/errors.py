"""Mistakes of the user, told in one line."""

import errno
import functools
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

P = ParamSpec("P")

INPUT_ERROR_STATUS = 2
"""Exit status of a program that was given bad input."""


_NO_PLACE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EISDIR, errno.ENOTDIR, errno.EEXIST),
}
"""What the system says of a place where nothing can be written."""


class InputError(Exception):
    """Bad input: the message names file, row or key, value, and what is allowed."""


def exit_on_input_error(main: Callable[P, None]) -> Callable[P, None]:
    """Make a script's ``main`` end with one line and status 2 on :class:`InputError`.

    Likewise where results cannot be written: the disk is full, say, or the folder another's. Told
    to end (SIGTERM), it leaves no half-written file behind.
    """

    @functools.wraps(main)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with _ending_in_order():
                main(*args, **kwargs)
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(INPUT_ERROR_STATUS) from None
        except OSError as error:
            if error.errno not in _NO_PLACE:
                raise
            place = f"{error.filename}: " if error.filename else ""
            print(f"error: {place}{error.strerror}", file=sys.stderr)
            raise SystemExit(INPUT_ERROR_STATUS) from None

    return guarded


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM unwind the block, unless somebody has decided what it does."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, _: object) -> None:
        # as a shell tells of a process that died of it
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
