"""Fixtures of several unit tests."""

import runpy
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
