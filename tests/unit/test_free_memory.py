import psutil
import pytest
import torch

from fastsim.data.free_memory import free_memory, left_by_cgroups


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


@pytest.fixture
def membership(tmp_path):
    def write(text):
        (tmp_path / "membership").write_text(text)
        return tmp_path / "membership"

    return write


def test_limits_of_version_2_hold_on_all_levels(tmp_path, membership):
    root = tmp_path / "cgroup"
    group(root, cgroup__procs="")
    usage = {"memory__current": 400, "memory__stat": "anon 100\ninactive_file 250"}
    group(root / "job", memory__max=1000, **usage)
    group(root / "job/step", memory__max="max", **usage)
    group(root / "other", memory__max=1, **usage)
    # file cache that can be dropped is not in the way
    assert list(left_by_cgroups(root, membership("0::/job/step\n"))) == [1000 - 400 + 250]


def test_limits_of_version_1_hold_too(tmp_path, membership):
    root = tmp_path / "cgroup"
    usage = {
        "memory__usage_in_bytes": 30,
        "memory__stat": "inactive_file 0\ntotal_inactive_file 5",
    }
    group(root / "memory", memory__limit_in_bytes=2**63 - 4096, **usage)
    group(root / "memory/job", memory__limit_in_bytes=100, **usage)
    lines = membership("9:name=systemd:/\n4:cpu,memory:/job/unseen\n0::/\n")
    assert min(left_by_cgroups(root, lines)) == 75


def test_without_groups_there_is_no_limit(tmp_path, membership):
    assert list(left_by_cgroups(tmp_path, tmp_path / "absent")) == []
    assert list(left_by_cgroups(tmp_path, membership("0::/job\n"))) == []


def test_free_memory_of_the_host_is_no_more_than_it_has():
    assert 0 < free_memory(torch.device("cpu")) <= psutil.virtual_memory().total
