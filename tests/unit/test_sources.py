"""The files a program runs, found without running it."""

import subprocess
import sys
from pathlib import Path

import pytest

from fastsim.sources import LIBRARY, sources

SCRIPTS = LIBRARY.parent
PROGRAMS = sorted(SCRIPTS.glob("*.py"))

LOADED = """
import runpy, sys
sys.argv = [{program!r}, "--help"]
try:
    runpy.run_path({program!r}, run_name="__main__")
except SystemExit:
    pass
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", None))
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_every_module_that_a_program_loads_is_found(program):
    code = LOADED.format(program=str(program))
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SCRIPTS), "PATH": ""},
    )
    loaded = {Path(line) for line in run.stdout.splitlines() if line.startswith(str(LIBRARY))}
    assert loaded
    assert loaded <= set(sources(program))


def test_training_the_gan_does_not_depend_on_the_simulation():
    files = {path.relative_to(LIBRARY).as_posix() for path in sources(SCRIPTS / "train_gan.py")[1:]}
    assert not any(file.startswith("airshower/") for file in files)
    assert "bundles/config/simulate.py" not in files
