"""GPUs are counted from the environment and the device files."""

import pytest

from fastsim.gpus import count_gpus


@pytest.mark.parametrize(
    ("visible", "count"), [("", 0), ("-1", 0), ("0", 1), ("0,2,3", 3), ("GPU-8932f937", 1)]
)
def test_visible_devices_decide(monkeypatch, tmp_path, visible, count):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    (tmp_path / "nvidia7").touch()
    assert count_gpus(tmp_path) == count


def test_device_files_count_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert count_gpus(tmp_path) == 2
