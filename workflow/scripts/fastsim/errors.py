"""Mistakes of the user, told in one line."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")

INPUT_ERROR_STATUS = 2
"""Exit status of a program that was given bad input."""


class InputError(Exception):
    """Bad input: the message names file, row or key, value, and what is allowed."""


def exit_on_input_error(main: Callable[P, None]) -> Callable[P, None]:
    """Make a script's ``main`` end with one line and status 2 on :class:`InputError`."""

    @functools.wraps(main)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            main(*args, **kwargs)
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(INPUT_ERROR_STATUS) from None

    return guarded
