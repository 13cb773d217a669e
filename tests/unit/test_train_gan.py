"""The training as users start it: killed, resumed, with one process and two, and sampled from."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from synthetic_bundles import synthetic_events

from fastsim.bundles.events import read_events, write_events
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.bundles.representation import CONDITIONS, POINTS_COLUMN
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.data.shards import Shard, write_shard
from fastsim.engine.run_folder import save_weights, write_config

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
STEPS = 150
SETTINGS = f"--steps {STEPS} --batch-events 32 --width 8 --evaluations 3 --checkpoint-every 20"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Normalised shards of made-up showers, their normalisation, and test events."""
    folder = tmp_path_factory.mktemp("dataset")
    events = {
        "train": synthetic_events(300, 1),
        "validation": synthetic_events(100, 2),
        "test": synthetic_events(100, 3),
    }
    normalization = fit_normalization(lambda: [events["train"]], "seed")
    normalization.save(folder / "normalization.json")
    for name in ("train", "validation"):
        block = events[name]
        shard = Shard(
            normalization.conditions(block.primaries),
            block.counts.astype(np.int32),
            normalization.normalize(block.primaries, block.counts, block.muons),
        )
        widths = (len(CONDITIONS), 3)
        write_shard(
            folder / f"{name}.parquet", [shard], {}, widths=widths, points_column=POINTS_COLUMN
        )
    write_events(folder / "test.parquet", events["test"], "test")
    return folder


def start(dataset, folder, processes=1, settings=SETTINGS):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), str(SCRIPTS / "train_gan.py")]
    command += ["--train", dataset / "train.parquet"]
    command += ["--validation", dataset / "validation.parquet"]
    command += ["--normalization", dataset / "normalization.json"]
    command += ["--checkpoints", folder / "checkpoints", "--output-dir", folder / "gan"]
    return subprocess.Popen(
        [*map(str, command), *settings.split()],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return errors


@pytest.fixture(scope="module")
def undisturbed(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(start(dataset, folder))
    return folder


def history(folder):
    with (folder / "gan/history.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_all_its_files_and_no_checkpoints(undisturbed):
    files = {path.name for path in (undisturbed / "gan").iterdir()}
    expected = {"model.safetensors", "config.yaml", "history.csv", "metrics.json", "tensorboard"}
    assert files == expected
    assert not list((undisturbed / "checkpoints").rglob("*.pt"))
    assert [row["step"] for row in history(undisturbed)] == ["50", "83", "100", "133", "150"]


def test_killed_and_started_again_it_ends_with_the_same_model(dataset, undisturbed, tmp_path):
    process = start(dataset, tmp_path)
    deadline = time.monotonic() + 200
    while len(list((tmp_path / "checkpoints").rglob("step-*.pt"))) < 2:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # torchrun alone: its worker, in a session of its own, must not survive it and finish unseen
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (tmp_path / "gan/model.safetensors").exists()

    assert "goes on after step" in finish(start(dataset, tmp_path))
    for name in ("model.safetensors", "history.csv", "metrics.json"):
        result = (tmp_path / "gan" / name).read_bytes()
        assert result == (undisturbed / "gan" / name).read_bytes(), name
    assert not list(tmp_path.rglob("*.pt"))
    assert len(list((tmp_path / "gan/tensorboard").iterdir())) == 1


def test_two_processes_train_as_one(dataset, undisturbed, tmp_path):
    finish(start(dataset, tmp_path, processes=2))
    one, two = ([row for row in history(f) if row["loss/critic"]] for f in (undisturbed, tmp_path))
    for name in ("loss/critic", "critic/wasserstein_gap", "gradient_norm/generator"):
        # rounding differs, and grows with the steps
        assert float(two[0][name]) == pytest.approx(float(one[0][name]), rel=1e-2), name


def test_bad_input_is_told_in_one_line(dataset, tmp_path):
    process = start(dataset, tmp_path, settings="--steps 0")
    _, errors = process.communicate(timeout=100)
    assert process.returncode != 0
    assert "error: command line: steps = 0" in errors
    assert not (tmp_path / "gan").exists()


def sample(dataset, gan, multiplicity, output, *settings):
    command = [sys.executable, SCRIPTS / "sample.py", "--events", dataset / "test.parquet"]
    command += ["--normalization", dataset / "normalization.json", "--multiplicity", multiplicity]
    command += ["--gan", gan, "--output", output, *settings]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


@pytest.fixture(scope="module")
def multiplicity(tmp_path_factory):
    folder = tmp_path_factory.mktemp("multiplicity")
    torch.manual_seed(1)
    model = MultiplicityModel(0.9, 0.6)
    model.start_from(3.0)
    save_weights(folder, model.state_dict())
    write_config(folder, "train_multiplicity", {}, model.architecture)
    return folder


def test_samples_keep_the_rows_and_do_not_depend_on_the_batch(
    dataset, undisturbed, multiplicity, tmp_path
):
    for size in (8192, 3):
        output = tmp_path / f"{size}.parquet"
        result = sample(
            dataset, undisturbed / "gan", multiplicity, output, "--batch-events", str(size)
        )
        assert result.returncode == 0, result.stderr
    real, samples = read_events(dataset / "test.parquet"), read_events(tmp_path / "8192.parquet")
    for name in ("event_id", "shower_id", "primaries"):
        np.testing.assert_array_equal(getattr(samples, name), getattr(real, name))
    assert (samples.counts == 0).any()
    assert (samples.counts > 1).any()
    assert (samples.counts != real.counts).any()
    small = read_events(tmp_path / "3.parquet")
    np.testing.assert_array_equal(small.offsets, samples.offsets)
    np.testing.assert_array_equal(small.muons, samples.muons)


def test_a_generator_of_another_normalisation_is_refused(
    dataset, undisturbed, multiplicity, tmp_path
):
    other = fit_normalization(lambda: [synthetic_events(50, 9)], "seed")
    other.save(tmp_path / "normalization.json")
    (tmp_path / "test.parquet").write_bytes((dataset / "test.parquet").read_bytes())
    output = tmp_path / "samples.parquet"
    result = sample(tmp_path, undisturbed / "gan", multiplicity, output)
    assert result.returncode == 2
    assert "another normalisation" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not output.exists()
