"""The multiplicity's training as users start it: killed and told to end, it ends with the same."""

import json
import signal
import sys

import pytest
import training_processes as processes
from training_processes import SCRIPTS

pytestmark = pytest.mark.slow

PROGRAM = SCRIPTS / "train_multiplicity.py"
SETTINGS = "--epochs 10 --batch-events 16 --width 8 --save-every-steps 10 --log-every-steps 20"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return processes.make_dataset(tmp_path_factory.mktemp("dataset"))


def start(dataset, folder):
    return processes.start([sys.executable], PROGRAM, dataset, folder, SETTINGS)


def test_killed_and_told_to_end_it_ends_with_the_same_model(dataset, tmp_path):
    whole, interrupted = tmp_path / "whole", tmp_path / "interrupted"
    errors = processes.finished(start(dataset, whole))
    assert errors.count("validation NLL") > 1

    killed = start(dataset, interrupted)
    processes.wait_for_step(killed, interrupted, 10)
    killed.kill()
    processes.ended(killed)
    told = start(dataset, interrupted)
    # in a later epoch; these are 38 steps
    processes.wait_for_step(told, interrupted, 60)
    told.send_signal(signal.SIGTERM)
    assert "train_multiplicity: told to end" in processes.ended(told)
    assert told.returncode == 75
    errors = processes.finished(start(dataset, interrupted))
    assert "train_multiplicity: goes on after step" in errors

    assert processes.results(interrupted) == processes.results(whole)
    timing = json.loads((whole / "run/timing.json").read_text())
    assert timing["events"] == pytest.approx(16 * timing["steps"], rel=0.05)
    assert not list(tmp_path.rglob("*.pt"))
