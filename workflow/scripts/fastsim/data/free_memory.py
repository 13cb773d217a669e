"""How much memory a process can still take."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def free_memory(device: torch.device) -> int:
    """Return bytes that this process can still take on ``device``.

    On a GPU what its driver says; otherwise what the host has available, or what the limits of
    this process's control groups (a batch system's or a container's) leave if that is less.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return min([psutil.virtual_memory().available, *left_by_cgroups(CGROUPS, MEMBERSHIP)])


def left_by_cgroups(root: Path, membership: Path) -> Iterator[int]:
    """Yield the bytes left by each memory limit on this process, of cgroups version 1 or 2.

    Args:
        root: where the groups are mounted.
        membership: lines ``number:controllers:path`` of the groups of this process.
    """
    if not membership.exists():
        return
    for line in membership.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, limit, usage, cache = root, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, limit, usage = root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        group = top / path.lstrip("/")
        # a limit on a parent counts too
        for folder in (group, *group.parents):
            if folder.is_relative_to(top) and (folder / limit).exists():
                text = (folder / limit).read_text().strip()
                if text != "max":
                    yield int(text) - int((folder / usage).read_text()) + _stat(folder, cache)


def _stat(folder: Path, name: str) -> int:
    """Return a figure of a group's ``memory.stat``; file cache counts as used, but can be freed."""
    lines = (folder / "memory.stat").read_text().splitlines()
    return int(dict(line.split() for line in lines).get(name, 0))
