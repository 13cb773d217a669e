"""The multiplicity's training as users start it: interrupted, and with what it refuses."""

import json
import shutil
import signal
import sys

import numpy as np
import pytest
import training_processes as processes
from training_processes import SCRIPTS

from fastsim.bundles.representation import POINTS_COLUMN
from fastsim.data.shards import Shard, read_shards, write_shard

pytestmark = pytest.mark.slow

PROGRAM = SCRIPTS / "train_multiplicity.py"
SETTINGS = "--epochs 10 --batch-events 16 --width 8 --save-every-steps 10 --log-every-steps 20"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return processes.make_dataset(tmp_path_factory.mktemp("dataset"))


def start(dataset, folder, settings=SETTINGS):
    return processes.start([sys.executable], PROGRAM, dataset, folder, settings)


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


def test_folds_that_showers_of_one_primary_cannot_fill_are_one_line(dataset, tmp_path):
    shutil.copytree(dataset, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "train.parquet"
    shard = read_shards([path], points_column=POINTS_COLUMN)
    conditions = np.resize(shard.conditions[:1], shard.conditions.shape)
    same = Shard(conditions, shard.counts, shard.points)
    widths = (conditions.shape[1], shard.points.shape[1])
    write_shard(path, [same], {}, widths=widths, points_column=POINTS_COLUMN)
    training = start(tmp_path, tmp_path, f"{SETTINGS} --folds 2")
    (line,) = processes.ended(training).splitlines()
    assert training.returncode == 2
    assert "train_multiplicity.folds: 2 folds would have 0 to" in line
    assert not (tmp_path / "run").exists()
