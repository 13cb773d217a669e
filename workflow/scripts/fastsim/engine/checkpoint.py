"""Checkpoints of a training, found again by what the training is and not by when it ran."""

import json
import pickle
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fastsim.files import atomic_path
from fastsim.fingerprints import hash_of


class Checkpoints:
    """The checkpoints of one training in a sub-folder named by the hash of its identity.

    Another config, other data or other source code have another hash and so start afresh.

    Args:
        folder: parent folder, which several trainings may share.
        identity: plain values that determine the result of the training; part of each checkpoint.
        keep: how many of the newest stay, beside the one of the best evaluation.
    """

    def __init__(self, folder: str | Path, identity: Mapping[str, Any], keep: int = 2) -> None:
        self.folder = Path(folder) / hash_of(identity)
        # torch's version is a str of a class of its own, which a checkpoint must not have
        self._identity = json.loads(json.dumps(identity))
        self._keep = keep

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.pt"))

    def _file(self, step: int) -> Path:
        return self.folder / f"step-{step:09d}.pt"

    @property
    def newest(self) -> Path | None:
        """The file of the newest checkpoint, if there is one."""
        return max(self._files(), default=None)

    @property
    def others(self) -> bool:
        """Whether the folder holds checkpoints of other trainings."""
        return any(path != self.folder for path in self.folder.parent.glob("*/"))

    def save(self, step: int, state: Mapping[str, Any], best_step: int = -1) -> None:
        """Write the state after ``step`` steps atomically; with a warning, if it cannot be.

        A full disk costs the new checkpoint only: the ones before stay, and the training goes on.
        """
        path = self._file(step)
        content = {"step": step, "identity": self._identity, "state": dict(state)}
        try:
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                torch.save(content, file)
        except (OSError, RuntimeError) as error:
            _warn(path, "no checkpoint", error)
            return
        # of later steps are only those that could not be read
        keep = [file for file in self._files() if file <= path][-self._keep :]
        for old in self._files():
            if old not in keep and old != self._file(best_step):
                old.unlink()

    def load(self, step: int, device: torch.device) -> dict[str, Any]:
        """Return the state saved after ``step`` steps, with tensors on ``device``."""
        return _read(self._file(step), device)["state"]

    def newest_readable(self) -> int | None:
        """Return the step of the newest checkpoint that can be read, or None.

        A file that cannot is passed over with a warning.
        """
        for path in reversed(self._files()):
            try:
                return _read(path, torch.device("cpu"))["step"]
            except (OSError, RuntimeError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
                _warn(path, "passed over, not readable", error)
        return None

    def clear(self) -> None:
        """Remove the checkpoints of this training, which has written its result."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path, device: torch.device) -> dict[str, Any]:
    # torch does not look at the checksums that it writes
    with zipfile.ZipFile(path) as archive:
        if broken := archive.testzip():
            raise zipfile.BadZipFile(f"{broken} has another checksum")
    # nothing but tensors and plain values is unpickled
    return torch.load(path, map_location=device, weights_only=True)


def _warn(path: Path, what: str, error: Exception) -> None:
    reason = str(error).partition("\n")[0]
    print(f"warning: {path}: {what} ({reason})", file=sys.stderr, flush=True)
