"""Real processes started by torchrun, with gloo."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
# and how many gradients it writes
PROGRAMS = {"gan_gradients.py": 12, "flow_gradients.py": 3}


def gradients(program, processes, output):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), str(program), str(output)]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, timeout=300)
    with np.load(output) as saved:
        return dict(saved)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_two_processes_give_the_gradient_of_one_with_the_joint_batch(name, tmp_path):
    program = Path(__file__).with_name(name)
    one, two = (gradients(program, n, tmp_path / f"{n}.npz") for n in (1, 2))
    assert len(one) == PROGRAMS[name]
    for batch, joint in one.items():
        assert np.linalg.norm(joint) > 1e-6
        difference = np.linalg.norm(two[batch] - joint) / np.linalg.norm(joint)
        assert difference < 1e-10, batch
