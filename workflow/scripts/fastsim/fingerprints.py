"""Contents told apart by a few digits."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fastsim.errors import InputError


def hash_of(values: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for plain ``values``, whatever their order."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_of_files(paths: Iterable[Path]) -> str:
    """Return 64 hexadecimal digits that stand for the contents of files, in the order given.

    Raises:
        InputError: one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()
