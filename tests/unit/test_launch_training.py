"""Which torchrun a training is started with, alone and on several nodes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "workflow/scripts/tools/launch_training.py"


@pytest.fixture
def launch(tmp_path):
    """Start the launcher where torchrun and Slurm only tell; return the arguments of torchrun."""
    for name, script in (("torchrun", 'echo "$@"'), ("scontrol", "printf 'gpu07\\ngpu09\\n'")):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def launch(*arguments, **environment):
        run = subprocess.run(
            [sys.executable, LAUNCHER, *arguments],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"} | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.split()

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
