"""Checkpoints of a training, found again by what the training is and not by when it ran."""

import hashlib
import json
import pickle
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fastsim.files import atomic_path

KEPT = 2


class Checkpoints:
    """The checkpoints of one training in a sub-folder named by the hash of its identity.

    Another config, other data or other source code have another hash and so start afresh.

    Args:
        folder: parent folder, which several trainings may share.
        identity: plain values that determine the result of the training.
    """

    def __init__(self, folder: str | Path, identity: Mapping[str, Any]) -> None:
        self.folder = Path(folder) / hash_of(identity)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.pt"))

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write the state after ``step`` steps atomically; the newest two checkpoints stay."""
        with atomic_path(self.folder / f"step-{step:09d}.pt") as temporary:
            torch.save(dict(state), temporary)
        for old in self._files()[:-KEPT]:
            old.unlink()

    def load_newest(self, device: torch.device) -> dict[str, Any] | None:
        """Return the state of the newest checkpoint, with tensors on ``device``, or None.

        A file that cannot be read is passed over with a warning. Nothing but tensors and plain
        values is unpickled.
        """
        for path in reversed(self._files()):
            try:
                return torch.load(path, map_location=device, weights_only=True)
            except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
                reason = str(error).splitlines()[0]
                print(f"warning: {path}: passed over, not readable ({reason})", file=sys.stderr)
        return None

    def clear(self) -> None:
        """Remove the checkpoints of this training, which has written its result."""
        shutil.rmtree(self.folder, ignore_errors=True)


def hash_of(values: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for plain ``values``, whatever their order."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint(arrays: Iterable[np.ndarray]) -> str:
    """Return a hash of the shapes, types and values of ``arrays``."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def source_fingerprint(paths: Iterable[Path]) -> str:
    """Return a hash of the contents of source files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
