"""Which torchrun a training is started with, alone and on several nodes."""

import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from torch.distributed import run as torchrun

LAUNCHER = Path(__file__).parents[2] / "workflow/scripts/tools/launch_training.py"


@pytest.fixture
def launch(tmp_path, monkeypatch):
    """Start the launcher where torchrun and Slurm only tell; return the arguments of torchrun."""
    scontrol = tmp_path / "scontrol"
    scontrol.write_text("#!/bin/sh\nprintf 'gpu07\\ngpu09\\n'\n")
    scontrol.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    given = []
    monkeypatch.setattr(torchrun, "main", given.append)

    def launch(*arguments, **environment):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", [str(LAUNCHER), *arguments])
            for name, text in environment.items():
                patch.setenv(name, text)
            runpy.run_path(str(LAUNCHER), run_name="__main__")
        return given.pop()

    return launch


def value(arguments, flag):
    return arguments[arguments.index(flag) + 1]


def test_one_node(launch):
    arguments = launch("--gpus", "3", "train_gan.py", "--steps", "5", CUDA_VISIBLE_DEVICES="0")
    assert "--standalone" in arguments
    assert value(arguments, "--nproc-per-node") == "3"
    assert arguments[-3:] == ["train_gan.py", "--steps", "5"]
    assert "SIGUSR1" in value(arguments, "--signals-to-handle")


@pytest.mark.parametrize(("visible", "processes"), [("0,1,5", "3"), ("", "1")])
def test_a_process_per_gpu_that_the_job_sees(launch, visible, processes):
    arguments = launch("--gpus", "0", "train_gan.py", CUDA_VISIBLE_DEVICES=visible)
    assert value(arguments, "--nproc-per-node") == processes


def test_nodes_meet_at_the_first_and_it_alone_is_the_host(launch):
    job = {
        "SLURM_STEP_NUM_NODES": "2",
        "SLURM_STEP_NODELIST": "gpu[07,09]",
        "SLURM_JOB_ID": "1234567",
        "CUDA_VISIBLE_DEVICES": "0,1",
    }
    first, second = (
        launch("train_gan.py", SLURM_NODEID=str(node), SLURMD_NODENAME=f"gpu0{7 + 2 * node}", **job)
        for node in (0, 1)
    )
    for arguments in (first, second):
        assert value(arguments, "--nnodes") == "2"
        assert value(arguments, "--nproc-per-node") == "2"
        assert value(arguments, "--rdzv-endpoint") == "gpu07:24567"
    assert value(first, "--rdzv-conf") == "is_host=True"
    assert value(second, "--rdzv-conf") == "is_host=False"
    assert value(second, "--local-addr") == "gpu09"


ENDS = {
    "bad input": ("raise SystemExit(2)", 2, False),
    "told to end": ("raise SystemExit(75)", 75, False),
    "a mistake in the code": ("raise SystemExit(1)", 1, True),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 1, True),
}


@pytest.mark.slow
@pytest.mark.parametrize(("code", "status", "told"), ENDS.values(), ids=ENDS)
def test_the_status_of_a_training_is_passed_on(tmp_path, code, status, told):
    program = tmp_path / "training.py"
    program.write_text(code)
    command = [sys.executable, LAUNCHER, "--gpus", "1", program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == status
    assert ("Root Cause" in run.stderr) == told
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_a_launcher_that_is_told_to_end_says_try_again(tmp_path):
    program, started = tmp_path / "training.py", tmp_path / "started"
    program.write_text(
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))\n"
        f"pathlib.Path({str(started)!r}).touch()\n"
        "time.sleep(100)\n"
    )
    command = [sys.executable, LAUNCHER, "--gpus", "1", program]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as launcher:
        while not started.exists() and launcher.poll() is None:
            time.sleep(0.1)
        launcher.send_signal(signal.SIGTERM)
        _, errors = launcher.communicate(timeout=60)
    assert launcher.returncode == 75
    assert "Traceback" not in errors
