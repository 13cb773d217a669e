"""The flow's training as users start it: interrupted it ends with the same, and it samples."""

import json
import signal
import subprocess
import sys
from argparse import Namespace

import numpy as np
import pytest
import torch
import training_processes as processes
from training_processes import SCRIPTS

import train_flow
from fastsim.bundles.config.train_flow import TrainFlowConfig
from fastsim.bundles.events import read_events
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.engine.distributed import Process
from fastsim.errors import InputError
from fastsim.run_folder import save_weights, write_config

pytestmark = pytest.mark.slow

PROGRAM = SCRIPTS / "train_flow.py"
# an epoch is about 17 steps
SETTINGS = (
    "--steps 80 --batch-events 32 --width 8 --evaluations 3 --warmup-steps 5"
    " --save-every-steps 10 --log-every-steps 15"
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return processes.make_dataset(tmp_path_factory.mktemp("dataset"))


def start(dataset, folder, settings=SETTINGS):
    return processes.start(processes.torchrun(1), PROGRAM, dataset, folder, settings)


@pytest.fixture(scope="module")
def undisturbed(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    errors = processes.finished(start(dataset, folder))
    assert errors.count("validation NLL") >= 3
    return folder


def test_what_no_gpu_can_repeat_is_refused_there():
    gpu = Process(0, 1, torch.device("cuda"))
    with pytest.raises(InputError, match=r"^train_flow\.deterministic is true: .* false$"):
        train_flow.train(TrainFlowConfig(deterministic=True), Namespace(), gpu)


def test_a_run_leaves_all_its_files_and_no_checkpoints(undisturbed):
    files = {path.name for path in (undisturbed / "run").iterdir()}
    assert files == {*processes.RESULTS, "config.yaml", "timing.json", "tensorboard"}
    assert not list((undisturbed / "checkpoints").rglob("*.pt"))
    metrics = json.loads((undisturbed / "run/metrics.json").read_text())
    assert np.isfinite(list(metrics.values())).all()
    assert metrics["steps"] == 80


def test_killed_and_told_to_end_it_ends_with_the_same_model(dataset, undisturbed, tmp_path):
    killed = start(dataset, tmp_path)
    processes.wait_for_step(killed, tmp_path, 10)
    killed.kill()
    processes.ended(killed)
    told = start(dataset, tmp_path)
    processes.wait_for_step(told, tmp_path, 40)
    told.send_signal(signal.SIGTERM)
    assert "train_flow: told to end" in processes.ended(told)
    errors = processes.finished(start(dataset, tmp_path))
    assert "train_flow: goes on after step" in errors
    assert processes.results(tmp_path) == processes.results(undisturbed)


def test_bad_input_is_told_in_one_line(dataset, tmp_path):
    training = processes.start([sys.executable], PROGRAM, dataset, tmp_path, "--bins 1")
    (line,) = processes.ended(training).splitlines()
    assert line.startswith("error: command line: bins = 1")
    assert training.returncode == 2
    assert not (tmp_path / "run").exists()


def test_the_sampler_takes_its_run_folder(dataset, undisturbed, tmp_path):
    torch.manual_seed(1)
    model = MultiplicityModel(0.9, 0.6, -1.0)
    model.start_from(3.0)
    save_weights(tmp_path, model.state_dict())
    write_config(tmp_path, "train_multiplicity", {}, model.architecture)
    command = [sys.executable, SCRIPTS / "sample.py", "--events", dataset / "test.parquet"]
    command += ["--normalization", dataset / "normalization.json", "--multiplicity", tmp_path]
    command += ["--model", undisturbed / "run", "--output", tmp_path / "samples.parquet"]
    command += ["--timing", tmp_path / "samples.json"]
    subprocess.run([str(word) for word in command], check=True)
    real, samples = (
        read_events(path) for path in (dataset / "test.parquet", tmp_path / "samples.parquet")
    )
    np.testing.assert_array_equal(samples.event_id, real.event_id)
    timing = json.loads((tmp_path / "samples.json").read_text())
    assert timing["muons"] == samples.counts.sum()
    assert timing["seconds"] > 0
    assert (samples.counts > 1).any()
    assert np.isfinite(samples.muons).all()
