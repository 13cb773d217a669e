"""Runs of the workflow on a throw-away Slurm cluster, with the debug preset.

Nothing here waits without end: Snakemake and what asks Slurm run under ``timeout -k``.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.slurm.cluster import Cluster, running_cluster, what_is_missing
from tests.workflow.conftest import PRESET, ROOT, Checkout

LIMIT = ("timeout", "-k", "20", "900")
TWO_NODES = {
    "gpu": 0,
    "gres": "gpu:1",
    "nodes": 2,
    "tasks": 2,
    "tasks_per_gpu": 0,
    "mpi": "srun",
}
"""Resources of a training on two nodes, one GPU each."""


class ClusterCheckout(Checkout):
    """A copy of the project from which jobs are submitted."""

    def command(self, *args: str) -> list[str]:
        return [*LIMIT, "snakemake", *args, "--profile", "site", "--configfile", *self.configs]

    @property
    def configs(self) -> list[str]:
        own = self.folder / "own.yaml"
        return [PRESET, own.name] if own.exists() else [PRESET]

    def configure(self, **sections: dict[str, Any]) -> None:
        """Lay keys over the preset."""
        (self.folder / "own.yaml").write_text(yaml.safe_dump(sections))

    def set_profile(self, **of_train_gan: Any) -> None:
        """Make the project's Slurm profile fit the small cluster; None takes a resource out."""
        profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
        profile |= {
            # there is no accounting
            "slurm-status-command": "squeue",
            "slurm-init-seconds-before-status-checks": 2,
            "seconds-between-status-checks": 2,
            "latency-wait": 10,
            # Snakemake ends only when this time has passed since it last sent a job
            "max-jobs-per-timespan": "100/1s",
            # more would wait for each other where two jobs share a small machine
            "set-threads": dict.fromkeys(
                ("train_gan", "train_flow", "evaluate", "evaluate_compared"), 1
            ),
        }
        resources = profile["set-resources"]
        for rule in resources:
            resources[rule] = resources[rule] | {"mem_mb": "2000 * attempt"}
        resources["train_gan"] = {
            name: value
            for name, value in (resources["train_gan"] | of_train_gan).items()
            if value is not None
        }
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "config.yaml").write_text(yaml.safe_dump(profile))

    def jobs(self) -> dict[str, str]:
        """Return rule and wildcards by id of all jobs that were ever submitted from here."""
        lines = slurm("squeue", "--states", "all", "--noheader", "--format", "%i|%k|%Z")
        fields = [line.split("|") for line in lines]
        return {
            number: comment.removeprefix("rule_")
            for number, comment, place in fields
            if place == str(self.folder)
        }

    def copy(self, folder: Path) -> "ClusterCheckout":
        return ClusterCheckout(super().copy(folder).folder)


def slurm(*command: str) -> list[str]:
    """Return the lines that a Slurm command prints."""
    run = subprocess.run([*LIMIT, *command], check=True, capture_output=True, text=True)
    return run.stdout.splitlines()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if reason := what_is_missing():
        pytest.skip(reason)
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def finished_on_cluster(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> ClusterCheckout:
    """Return a copy whose jobs have run to the report; not to be changed."""
    checkout = ClusterCheckout(Checkout.make(tmp_path_factory.mktemp("finished")).folder)
    checkout.set_profile()
    checkout.snakemake()
    return checkout


@pytest.fixture
def checkout(finished_on_cluster: ClusterCheckout, tmp_path: Path) -> ClusterCheckout:
    """Return a finished copy that a test may change."""
    return finished_on_cluster.copy(tmp_path / "checkout")
