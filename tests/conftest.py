"""Fixtures of several test folders."""

import os
import subprocess

import pytest
from hypothesis import settings

# a busy machine is no failure
settings.register_profile("project", deadline=None)
settings.load_profile("project")


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
