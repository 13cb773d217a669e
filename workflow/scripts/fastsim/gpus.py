"""How many GPUs this machine offers, found without loading torch."""

import os
from pathlib import Path


def count_gpus(devices: Path = Path("/dev")) -> int:
    """Return the number of NVIDIA GPUs in reach of a job started now.

    ``CUDA_VISIBLE_DEVICES`` decides where it is set, the device files ``nvidia0``, ``nvidia1``, ...
    otherwise.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([device for device in visible.split(",") if device.strip() not in ("", "-1")])
    return len(list(devices.glob("nvidia[0-9]*")))
