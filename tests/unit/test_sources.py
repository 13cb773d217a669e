"""The files a program runs, found without running it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastsim.sources import LIBRARY, sources, write_source_list

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


def imported_files(file: Path) -> set[Path]:
    """Return the library's files that the syntax tree of a file names in its imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update({node.module}, (f"{node.module}.{alias.name}" for alias in node.names))
    paths = [SCRIPTS.joinpath(*name.split(".")) for name in names]
    files = {path.with_suffix(".py") for path in paths} | {path / "__init__.py" for path in paths}
    return {file for file in files if file.is_file() and file.is_relative_to(LIBRARY)}


def test_no_import_of_the_syntax_tree_is_missed():
    for file in SCRIPTS.rglob("*.py"):
        assert imported_files(file) <= set(sources(file)), file


@pytest.mark.parametrize(
    "statement",
    [
        "import fastsim.data.shards",
        "import os, fastsim.data.shards as shards",
        "from fastsim.data import shards",
        "from fastsim.data.shards import Shard",
        "from fastsim.data import splitting as s, shards as t  # not batches",
        "from fastsim.data import (\n    splitting,\n    shards,\n)",
        "from fastsim.data import splitting, \\\n    shards",
        "def late():\n    from fastsim.data import shards",
    ],
)
def test_every_way_to_write_an_import_is_understood(statement, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f'"""A program."""\n\n{statement}\n')
    assert LIBRARY / "data" / "shards.py" in sources(program)
    program.write_text('"""A program that has its shards from elsewhere."""\n')
    # what was imported by a file is remembered only as long as a process lives
    assert sources(program.rename(tmp_path / "other.py")) == [tmp_path / "other.py"]


def test_training_the_gan_does_not_depend_on_the_simulation():
    files = {path.relative_to(LIBRARY).as_posix() for path in sources(SCRIPTS / "train_gan.py")[1:]}
    assert not any(file.startswith("airshower/") for file in files)
    assert "bundles/config/simulate.py" not in files


def test_list_of_sources_changes_with_a_content_and_only_then(tmp_path):
    files = [LIBRARY / "files.py", LIBRARY / "errors.py"]
    newest = max(file.stat().st_mtime for file in files)
    path = tmp_path / "list.txt"
    write_source_list(path, files)
    assert path.stat().st_mtime == newest
    text = path.read_text()
    assert [line.split()[1] for line in text.splitlines()] == ["files.py", "errors.py"]

    path.write_text(text.replace(text[:64], "0" * 64))
    os.utime(path, (1, 1))
    write_source_list(path, files)
    assert path.read_text() == text
    written = path.stat().st_mtime
    assert written > newest

    write_source_list(path, files)
    assert path.stat().st_mtime == written
