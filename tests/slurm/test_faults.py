"""What clusters do to jobs, and the same training after all, byte for byte."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.processes import processes_of, wait_for
from tests.slurm.cluster import Cluster
from tests.slurm.conftest import TWO_NODES, ClusterCheckout, slurm

pytestmark = pytest.mark.slow

MODEL = "results/debug/gan/model.safetensors"
PROGRAM = "workflow/scripts/train_gan.py"
RESULT = ("model.safetensors", "metrics.json", "history.csv")


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

    @contextmanager
    def frozen_training(self) -> Iterator[list[psutil.Process]]:
        """Halt the ranks inside the block, so that they are not done before something happens."""
        ranks = [psutil.Process(rank) for rank in processes_of(PROGRAM, self.checkout.folder)]
        for rank in ranks:
            rank.suspend()
        try:
            # the signal is on its way when it has been sent, a moment before it works
            wait_for(lambda: all(halted(rank) for rank in ranks))
            yield ranks
        finally:
            for rank in ranks:
                with suppress(psutil.NoSuchProcess):
                    rank.resume()

    def finish(self) -> None:
        assert self.process.wait(timeout=950) == 0, self.log.read_text()[-4000:]

    @property
    def went_on(self) -> bool:
        """Whether the last attempt took up a checkpoint."""
        log = (self.checkout.results / "logs/train_gan.log").read_text()
        return "train_gan: goes on after step" in log


def files_of(checkout: ClusterCheckout) -> dict[str, bytes]:
    return {name: (checkout.results / "gan" / name).read_bytes() for name in RESULT}


def forget_training(checkout: ClusterCheckout) -> ClusterCheckout:
    shutil.rmtree(checkout.results / "gan")
    shutil.rmtree(checkout.results / "checkpoints", ignore_errors=True)
    return checkout


@pytest.fixture(scope="module")
def quiet(finished_on_cluster: ClusterCheckout) -> dict[str, bytes]:
    """What the training gives when nobody disturbs it."""
    return files_of(finished_on_cluster)


@pytest.fixture
def disturbed(checkout: ClusterCheckout) -> ClusterCheckout:
    return forget_training(checkout)


def state_of(job: str) -> str:
    return slurm("squeue", "--states", "all", "--noheader", "--jobs", job, "--format", "%T")[0]


def halted(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_STOPPED
    return False


def test_walltime(quiet, disturbed: ClusterCheckout):
    # Slurm looks at walltimes now and then: this signal comes 60 to 90 s after the start
    disturbed.set_profile(runtime="2 if attempt == 1 else 30", slurm_extra="--signal=USR1@30")
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    with run.frozen_training() as ranks:
        # Slurm's signal comes with one that sets halted processes going
        wait_for(lambda: not halted(ranks[0]))
    run.finish()
    # it ended by itself and was not killed at the limit
    assert state_of(job) == "FAILED"
    assert len(run.jobs) == 2
    assert run.went_on
    assert files_of(disturbed) == quiet


def test_requeue(quiet, disturbed: ClusterCheckout):
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    slurm("scontrol", "requeue", job)
    run.finish()
    assert run.jobs == [job]
    assert run.went_on
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
    assert run.went_on
    assert files_of(disturbed) == quiet


def test_two_nodes_and_a_rank_that_dies(checkout: ClusterCheckout, cluster: Cluster):
    checkout.set_profile(**TWO_NODES)
    quiet = Run(forget_training(checkout))
    quiet.finish()
    expected = files_of(checkout)
    assert {node for job, node, _ in cluster.tasks() if job == quiet.jobs[0]} == {"node1", "node2"}
    assert "shared by 2 process(es)" in (checkout.results / "logs/train_gan.log").read_text()

    run = Run(forget_training(checkout))
    run.wait_for_checkpoint()
    ranks = [psutil.Process(rank) for rank in processes_of(PROGRAM, checkout.folder)]
    (second,) = [rank for rank in ranks if rank.environ()["RANK"] == "1"]
    second.kill()
    run.finish()
    assert len(run.jobs) == 2
    assert run.went_on
    assert files_of(checkout) == expected


def test_controller_stops_and_starts(quiet, disturbed: ClusterCheckout, cluster: Cluster):
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    with run.frozen_training():
        cluster.stop_controller()
        try:
            # several of Snakemake's questions to it fail
            with pytest.raises(subprocess.TimeoutExpired):
                run.process.wait(timeout=20)
        finally:
            cluster.start_controller()
    run.finish()
    assert run.jobs == [job]
    assert files_of(disturbed) == quiet


def kill_snakemake(run: Run) -> None:
    timeout = psutil.Process(run.process.pid)
    for process in (*timeout.children(), timeout):
        process.kill()
    run.process.wait()
    run.checkout.snakemake("--unlock")


def test_snakemake_is_killed_and_started_again(quiet, disturbed: ClusterCheckout):
    killed = Run(disturbed)
    job = killed.wait_for_checkpoint()
    with killed.frozen_training():
        kill_snakemake(killed)
        run = Run(disturbed)
        waits = f"waiting for jobs of an earlier run, whose results will be taken: {job} (train_gan"
        wait_for(lambda: waits in run.log.read_text())
    run.finish()
    assert run.jobs == []
    assert files_of(disturbed) == quiet
    # what the job did is known as if Snakemake had been there
    disturbed.configure(train_gan={"critic_steps": 3})
    assert "train_gan" in disturbed.planned(MODEL)


def test_snakemake_is_killed_and_started_again_with_another_config(disturbed: ClusterCheckout):
    killed = Run(disturbed)
    job = killed.wait_for_checkpoint()
    kill_snakemake(killed)
    disturbed.configure(train_gan={"steps": 20})
    run = Run(disturbed)
    run.finish()
    assert state_of(job) != "COMPLETED"
    assert len(run.jobs) == 1
    assert '"steps": 20' in (disturbed.results / "gan/metrics.json").read_text()


@pytest.mark.parametrize(
    ("folder", "target"),
    [("results/other", "events/part-0000.parquet"), ("results/debug", "dataset/summary.json")],
)
def test_a_run_beside_it_leaves_its_jobs_alone(quiet, disturbed: ClusterCheckout, folder, target):
    run = Run(disturbed)
    job = run.wait_for_checkpoint()
    with run.frozen_training():
        # another config, of which the jobs would be cancelled
        config = ("--config", f"output_dir={folder}", "ensemble=2")
        beside = disturbed.snakemake(f"{folder}/{target}", *config)
        assert "jobs of an earlier run" not in beside.stdout + beside.stderr
        assert state_of(job) == "RUNNING"
    run.finish()
    assert files_of(disturbed) == quiet


@pytest.mark.parametrize("small_disk", [1024], indirect=True)
def test_full_disk_where_a_job_keeps_its_temporary_files(
    quiet, disturbed: ClusterCheckout, small_disk: Path
):
    (small_disk / "filling").write_bytes(bytes(2**20))
    disturbed.set_profile(tmpdir=str(small_disk))
    run = Run(disturbed)
    run.wait_for_checkpoint()
    with run.frozen_training() as ranks:
        assert ranks[0].environ()["TMPDIR"] == str(small_disk)
    run.finish()
    # nothing needs room there
    assert len(run.jobs) == 1
    assert files_of(disturbed) == quiet


def test_too_little_memory(quiet, disturbed: ClusterCheckout):
    disturbed.set_profile(mem_mb="300 if attempt == 1 else 3000")
    run = Run(disturbed)
    run.finish()
    first, _ = run.jobs
    assert state_of(first) != "COMPLETED"
    assert files_of(disturbed) == quiet
