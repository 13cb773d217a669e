"""What clusters do to jobs, and the same training after all, byte for byte."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.processes import processes_of, wait_for
from tests.slurm.cluster import Cluster
from tests.slurm.conftest import TWO_NODES, ClusterCheckout, slurm

pytestmark = pytest.mark.slow

MODEL = "results/debug/gan/model.safetensors"
RESULT = ("model.safetensors", "metrics.json", "history.csv")
# long enough to be disturbed
LONG = {"steps": 160, "save_every_steps": 10, "detect_anomaly": False}


class Run:
    """A Snakemake at work on the training of the GAN, and the training's jobs."""

    def __init__(self, checkout: ClusterCheckout) -> None:
        self.checkout = checkout
        self.log = checkout.folder / "run.log"
        self._before = checkout.jobs().keys()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                checkout.command(MODEL),
                cwd=checkout.folder,
                env=checkout.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def jobs(self) -> list[str]:
        """Ids of the jobs of this run, oldest first."""
        return sorted(self.checkout.jobs().keys() - self._before, key=int)

    def wait_for_checkpoint(self) -> str:
        """Return the job's id once its training has something to go on from."""
        wait_for(lambda: list((self.checkout.results / "checkpoints/gan").glob("*/step-*.pt")))
        return self.jobs[-1]

    def finish(self) -> None:
        assert self.process.wait(timeout=950) == 0, self.log.read_text()[-4000:]

    @property
    def training_log(self) -> str:
        """Of the last attempt."""
        return (self.checkout.results / "logs/train_gan.log").read_text()


def files_of(checkout: ClusterCheckout) -> dict[str, bytes]:
    return {name: (checkout.results / "gan" / name).read_bytes() for name in RESULT}


def forget_training(checkout: ClusterCheckout) -> ClusterCheckout:
    shutil.rmtree(checkout.results / "gan")
    shutil.rmtree(checkout.results / "checkpoints", ignore_errors=True)
    return checkout


@pytest.fixture(scope="module")
def quiet(finished_on_cluster: ClusterCheckout, tmp_path_factory) -> dict[str, bytes]:
    """What a training gives that nobody disturbs."""
    checkout = forget_training(finished_on_cluster.copy(tmp_path_factory.mktemp("quiet")))
    checkout.configure(train_gan=LONG)
    Run(checkout).finish()
    return files_of(checkout)


@pytest.fixture
def disturbed(checkout: ClusterCheckout) -> ClusterCheckout:
    checkout.configure(train_gan=LONG)
    return forget_training(checkout)


def state_of(job: str) -> str:
    return slurm("squeue", "--states", "all", "--noheader", "--jobs", job, "--format", "%T")[0]


def test_walltime(quiet, disturbed: ClusterCheckout):
    """Slurm signals up to a minute before the time that it is told."""
    disturbed.set_profile(runtime="1 + 4 * (attempt - 1)", slurm_extra="--signal=USR1@30")
    run = Run(disturbed)
    run.finish()
    first, _ = run.jobs
    assert state_of(first) == "FAILED"  # and not TIMEOUT: it ended by itself
    assert "goes on after step" in run.training_log
    assert files_of(disturbed) == quiet


def test_requeue(quiet, disturbed: ClusterCheckout):
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    slurm("scontrol", "requeue", job)
    run.finish()
    assert run.jobs == [job]
    assert "goes on after step" in run.training_log
    assert files_of(disturbed) == quiet


def test_node_is_drained_and_its_job_killed(quiet, disturbed: ClusterCheckout, cluster: Cluster):
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    node = slurm("squeue", "--noheader", "--jobs", job, "--format", "%N")[0]
    slurm("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    try:
        slurm("scancel", job)
        run.finish()
    finally:
        slurm("scontrol", "update", f"nodename={node}", "state=resume")
    _, retry = run.jobs
    nodes = {number: where for number, where, _ in cluster.tasks()}
    assert nodes[retry] != nodes[job] == node
    assert "goes on after step" in run.training_log
    assert files_of(disturbed) == quiet


def test_two_nodes_and_a_rank_that_dies(checkout: ClusterCheckout, cluster: Cluster):
    checkout.set_profile(**TWO_NODES)
    quiet = Run(forget_training(checkout))
    quiet.finish()
    expected = files_of(checkout)
    nodes = {node for job, node, gpus in cluster.tasks() if job == quiet.jobs[0] and gpus}
    assert nodes == {"node1", "node2"}
    assert "shared by 2 process(es)" in quiet.training_log

    run = Run(forget_training(checkout))
    run.wait_for_checkpoint()
    ranks = [
        process
        for process in processes_of("workflow/scripts/train_gan.py", checkout.folder)
        if psutil.Process(process).environ().get("RANK") == "1"
    ]
    assert len(ranks) == 1
    os.kill(ranks[0], signal.SIGKILL)
    run.finish()
    assert len(run.jobs) == 2
    assert "goes on after step" in run.training_log
    assert files_of(checkout) == expected


def test_controller_stops_and_starts(quiet, disturbed: ClusterCheckout, cluster: Cluster):
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    cluster.stop_controller()
    # longer than Snakemake's questions to it take to fail
    assert run.process.poll() is None
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            run.process.wait(timeout=15)
    finally:
        cluster.start_controller()
    run.finish()
    assert run.jobs == [job]
    assert files_of(disturbed) == quiet


def kill_snakemake(run: Run) -> None:
    for process in (*psutil.Process(run.process.pid).children(), psutil.Process(run.process.pid)):
        process.kill()
    run.process.wait()
    run.checkout.snakemake("--unlock")


def test_snakemake_is_killed_and_started_again(quiet, disturbed: ClusterCheckout):
    killed = Run(disturbed)
    job = killed.wait_for_checkpoint()
    kill_snakemake(killed)
    run = Run(disturbed)
    run.finish()
    assert run.jobs == []
    assert f"waiting for jobs of an earlier run, whose results will be taken: {job}" in (
        run.log.read_text()
    )
    assert files_of(disturbed) == quiet
    # what the job did is known as if Snakemake had been there
    disturbed.configure(train_gan=LONG | {"critic_steps": 3})
    assert "train_gan" in disturbed.planned()


def test_snakemake_is_killed_and_started_again_with_another_config(disturbed: ClusterCheckout):
    killed = Run(disturbed)
    job = killed.wait_for_checkpoint()
    kill_snakemake(killed)
    disturbed.configure(train_gan=LONG | {"steps": 20})
    run = Run(disturbed)
    run.finish()
    assert state_of(job) in ("CANCELLED", "FAILED")
    assert len(run.jobs) == 1
    assert '"steps": 20' in (disturbed.results / "gan/metrics.json").read_text()


@pytest.mark.parametrize("small_disk", [1024], indirect=True)
def test_full_disk_where_a_job_keeps_its_temporary_files(
    quiet, disturbed: ClusterCheckout, small_disk: Path
):
    filling = small_disk / "filling"
    filling.write_bytes(bytes(2**20))
    disturbed.set_profile(tmpdir=str(small_disk))
    run = Run(disturbed)
    wait_for(lambda: run.jobs and state_of(run.jobs[0]) == "FAILED")
    filling.unlink()
    run.finish()
    assert len(run.jobs) > 1
    assert files_of(disturbed) == quiet


def test_too_little_memory(quiet, disturbed: ClusterCheckout):
    disturbed.set_profile(mem_mb="300 if attempt == 1 else 3000")
    run = Run(disturbed)
    run.finish()
    first, _ = run.jobs
    assert state_of(first) != "COMPLETED"
    assert files_of(disturbed) == quiet
