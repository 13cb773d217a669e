"""kill -9 of a stage, then the same command: the result of an undisturbed run, nothing stale."""

import os
import signal
import subprocess
import time

import pytest

from tests.processes import processes_of, wait_for
from tests.workflow.conftest import Checkout

pytestmark = pytest.mark.slow


def kill_during(checkout, program, ready, target):
    """Start snakemake, kill -9 ``program`` once ``ready``, and expect snakemake to fail."""
    run = subprocess.Popen(
        checkout.command(target),
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(lambda: processes_of(program, checkout.folder))
    wait_for(ready)
    for process in processes_of(program, checkout.folder):
        os.kill(process, signal.SIGKILL)
    output, _ = run.communicate(timeout=300)
    assert run.returncode != 0, output


def files_below(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def assert_same_files(found, expected, pattern):
    names = sorted(path.relative_to(expected) for path in expected.glob(pattern))
    assert names
    for name in names:
        assert (found / name).read_bytes() == (expected / name).read_bytes(), name
    left_behind = [name for name in files_below(found) if name.name.startswith(".part")]
    assert left_behind == []


def remove(checkout, *folders):
    for folder in folders:
        subprocess.run(["rm", "-rf", str(checkout.results / folder)], check=True)


def test_simulate(finished, checkout: Checkout):
    remove(checkout, "events")
    target = "results/debug/events/part-0000.parquet"
    started = []

    def working():
        started.extend(processes_of("simulate.py", checkout.folder))
        return started and time.sleep(1.5) is None

    kill_during(checkout, "simulate.py", working, target)
    assert not (checkout.folder / target).exists()
    checkout.snakemake(target)
    assert_same_files(checkout.results, finished.results, "events/part-0000.parquet")


def test_normalize(finished, checkout: Checkout):
    remove(checkout, "splits", "dataset/train")
    target = "results/debug/dataset/train/part-0000.parquet"
    kill_during(checkout, "normalize.py", lambda: True, target)
    assert not (checkout.folder / target).exists()
    checkout.snakemake(target)
    for folder in ("splits", "dataset"):
        assert_same_files(checkout.results, finished.results, f"{folder}/*/part-0000.parquet")


def test_train_gan_goes_on_from_its_checkpoint(finished, checkout: Checkout):
    remove(checkout, "gan", "checkpoints")
    target = "results/debug/gan/model.safetensors"
    checkpoints = checkout.results / "checkpoints" / "gan"
    kill_during(checkout, "train_gan.py", lambda: any(checkpoints.glob("*/step-*.pt")), target)
    assert not (checkout.folder / target).exists()
    checkout.snakemake(target)
    assert "goes on after step" in (checkout.results / "logs" / "train_gan.log").read_text()
    assert_same_files(checkout.results, finished.results, "gan/model.safetensors")
    assert_same_files(checkout.results, finished.results, "gan/history.csv")
