"""Which source files a program runs, so that the workflow reruns a stage when they change.

Snakemake sees a rule's shell command but not the modules behind it; the rules therefore have a list
of them among their inputs.
"""

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fastsim.files import atomic_path
from fastsim.fingerprints import hash_of_files

LIBRARY = Path(__file__).parent
PACKAGE = LIBRARY.name
IMPORT = re.compile(
    rf"^[ \t]*(?:from[ \t]+({PACKAGE}[\w.]*)[ \t]+import[ \t]*(\([^)]*\)|(?:\\\n|.)*)"
    r"|import[ \t]+((?:\\\n|.)*))",
    re.MULTILINE,
)
"""Package and names of ``from package import names``, or the modules of ``import modules``."""


def sources(program: str | Path) -> list[Path]:
    """Return ``program`` and then, sorted, every library file it imports, directly or not.

    Imports are read from the text, so that nothing is executed, and without its syntax tree, which
    would take a second for all programs, with every look at what there is to do. Those inside
    functions count too. So does what merely looks like one, in a docstring: no import is missed.
    """
    program = Path(program)
    found: set[Path] = set()
    waiting = [program]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imported(file))
    return [program, *sorted(found - {program})]


def write_source_list(path: Path, files: Sequence[Path]) -> None:
    """Write library files and what stands for their contents, unless ``path`` says the same.

    A new list is as old as its newest file, so that it alone makes no result look out of date.
    """
    lines = [f"{hash_of_files([file])}  {file.relative_to(LIBRARY)}\n" for file in files]
    new = not path.exists()
    if not new and path.read_text() == "".join(lines):
        return
    with atomic_path(path) as temporary:
        temporary.write_text("".join(lines))
        if new:
            newest = max(file.stat().st_mtime for file in files)
            os.utime(temporary, (newest, newest))


@cache
def _imported(file: Path) -> list[Path]:
    modules: set[str] = set()
    for package, names, plain in IMPORT.findall(file.read_text(encoding="utf-8")):
        if package:
            # ``from package import name``: the name may be a module or something inside one
            modules.update(f"{package}.{name}" for name in re.findall(r"\w+", names))
            modules.add(package)
        modules.update(re.findall(r"[\w.]+", plain))
    return [path for module in modules for path in _files(module)]


def _files(module: str) -> list[Path]:
    """Return the files that importing ``module`` runs: the packages above it and itself."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return []
    folders = [LIBRARY.joinpath(*parts[1:end]) for end in range(1, len(parts) + 1)]
    files = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
    return [file for file in files if file.is_file()]
