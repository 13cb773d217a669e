"""Real runs of the workflow on copies of the project, with the debug preset."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRESET = "config/presets/debug.yaml"
COPIED = ("workflow", "config", "profiles")


class Checkout:
    """A copy of the project in which snakemake runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results" / "debug"

    @classmethod
    def make(cls, folder: Path) -> "Checkout":
        for name in COPIED:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        return cls(folder)

    def copy(self, folder: Path) -> "Checkout":
        """Copy project and results, times of change included."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Checkout(folder)

    def command(self, *args: str) -> list[str]:
        # --configfile takes all that follows it
        return ["snakemake", *args, "--cores", "2", "--configfile", PRESET]

    @property
    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PATH": path}

    def snakemake(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        run = subprocess.run(
            self.command(*args),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=1000,
            check=False,
        )
        if check and run.returncode:
            pytest.fail(f"snakemake {' '.join(args)}\n{run.stdout}\n{run.stderr}")
        return run

    def planned(self, *args: str) -> dict[str, int]:
        """Return the jobs that a dry run would start, by rule."""
        run = self.snakemake("--dry-run", *args)
        lines = iter((run.stdout + run.stderr).splitlines())
        jobs = {}
        for line in lines:
            if line.startswith("job") and line.split() == ["job", "count"]:
                next(lines)
                for row in lines:
                    if not row.strip():
                        break
                    rule, count = row.split()
                    jobs[rule] = int(count)
                break
        jobs.pop("total", None)
        jobs.pop("all", None)
        return jobs


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a copy in which the debug preset has run to its report; not to be changed."""
    checkout = Checkout.make(tmp_path_factory.mktemp("finished"))
    checkout.snakemake()
    return checkout


@pytest.fixture
def checkout(finished: Checkout, tmp_path: Path) -> Checkout:
    """Return a finished copy that a test may change."""
    return finished.copy(tmp_path / "checkout")
