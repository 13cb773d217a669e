"""Fixtures of several unit tests."""

import os
import runpy
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture(scope="session")
def run():
    """Run a program in this process; return its exit status."""

    def run(name, *arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", [name, *map(str, arguments)])
            try:
                runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
            except SystemExit as exit_:
                return exit_.code
        return 0

    return run


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
