"""Contents told apart by a few digits."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def hash_of(values: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for plain ``values``, whatever their order."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_of_files(paths: Iterable[Path]) -> str:
    """Return 64 hexadecimal digits that stand for the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
