"""Real processes started by torchrun, with gloo."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
PROGRAM = Path(__file__).with_name("gan_gradients.py")


def gradients(processes, output):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), str(PROGRAM), str(output)]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, timeout=300)
    with np.load(output) as saved:
        return dict(saved)


@pytest.mark.slow
def test_two_processes_give_the_gradient_of_one_with_the_joint_batch(tmp_path):
    one, two = (gradients(n, tmp_path / f"{n}.npz") for n in (1, 2))
    assert len(one) == 12
    for name, joint in one.items():
        assert np.linalg.norm(joint) > 1e-6
        difference = np.linalg.norm(two[name] - joint) / np.linalg.norm(joint)
        assert difference < 1e-10, name
