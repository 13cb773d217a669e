"""Fixtures of several test folders."""

import os
import subprocess

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# a busy machine is no failure
settings.register_profile("project", deadline=None)
settings.load_profile("project")

SHARED_FOLDERS = ("tests/slurm", "tests/workflow")
"""Of tests that share the one cluster of a machine or a finished workflow; they take longest."""


class Scheduling(LoadScopeScheduling):
    """Gives a core whole files of tests, and whole folders where their tests share more."""

    def _split_scope(self, nodeid):
        path = nodeid.split("::")[0]
        folder = path.rpartition("/")[0]
        return folder if folder in SHARED_FOLDERS else path


def pytest_xdist_make_scheduler(config, log):
    # as they are collected, not those of most tests first
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(SHARED_FOLDERS))


@pytest.fixture(scope="session")
def cascade():
    """The air-shower cascade; Sibyll can be started only once in a process."""
    from fastsim.airshower.cascade import Cascade
    from fastsim.airshower.decays import Decayer
    from fastsim.airshower.hadronic import HadronicModel

    return Cascade(HadronicModel(), Decayer())


@pytest.fixture
def small_disk(tmp_path, request):
    """Mount a file system of the size that the test's parameter gives, in KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={request.param}k", "none", folder]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this container may not mount")
    yield folder
    subprocess.run(["umount", folder], check=True)
