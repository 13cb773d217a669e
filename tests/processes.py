"""Finding and awaiting real processes."""

import time
from pathlib import Path


def processes_of(program, folder):
    """Return the running processes of ``program`` that work in ``folder``."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            inside = (entry / "cwd").readlink() == folder
        except OSError:
            continue
        if inside and any(argument.endswith(program.encode()) for argument in arguments[1:4]):
            found.append(int(entry.name))
    return found


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return result
