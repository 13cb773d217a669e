"""The training as users start it: killed, told to end, failing, with one process and with two."""

import csv
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
import training_processes as processes
from synthetic_bundles import synthetic_events
from training_processes import SCRIPTS

import sample as sample_program
from fastsim.bundles.events import read_events, write_events
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.bundles.sampling import BundleSampler
from fastsim.run_folder import save_weights, write_config

pytestmark = pytest.mark.slow

PROGRAM = SCRIPTS / "train_gan.py"
STEPS = 80
# an epoch is about nine steps
SETTINGS = (
    f"--steps {STEPS} --batch-events 32 --width 8 --evaluations 3 --generator-delay 0.1"
    " --save-every-steps 4 --log-every-steps 15 --deterministic true"
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return processes.make_dataset(tmp_path_factory.mktemp("dataset"))


def start(dataset, folder, ranks=1, settings=SETTINGS, program=PROGRAM):
    return processes.start(processes.torchrun(ranks), program, dataset, folder, settings)


@pytest.fixture(scope="module")
def undisturbed(dataset, tmp_path_factory):
    """The folder of a training that nothing happened to, by the number of its processes."""
    folders = {}
    for ranks in (1, 2):
        folders[ranks] = tmp_path_factory.mktemp("undisturbed")
        # of another training, which is none of its business
        (folders[ranks] / "checkpoints/0123456789abcdef").mkdir(parents=True)
        errors = processes.finished(start(dataset, folders[ranks], ranks))
        assert errors.count("starts afresh") == 1
        assert errors.count("train_gan: step ") == 3
    return folders


def history(folder):
    with (folder / "run/history.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_all_its_files_and_no_checkpoints(undisturbed):
    folder = undisturbed[1]
    files = {path.name for path in (folder / "run").iterdir()}
    assert files == {*processes.RESULTS, "config.yaml", "timing.json", "tensorboard"}
    assert not list((folder / "checkpoints").rglob("*.pt"))
    rows = history(folder)
    assert [row["step"] for row in rows] == ["15", "30", "44", "45", "60", "71", "75", "80"]
    assert [row["step"] for row in rows if row["validation/auc"]] == ["44", "71", "80"]


def test_a_generator_that_has_not_begun_is_not_scored(dataset, tmp_path):
    """Equal scores would use up the patience, and the untrained generator would be kept."""
    settings = f"{SETTINGS} --evaluations 20 --generator-delay 0.5 --patience 3"
    processes.finished(start(dataset, tmp_path, settings=settings))
    scored = [int(row["step"]) for row in history(tmp_path) if row["validation/auc"]]
    assert min(scored) > STEPS // 2
    assert len(scored) > 3


def test_two_processes_train_as_one(undisturbed):
    one, two = (history(undisturbed[ranks]) for ranks in (1, 2))
    # the critic's loss is a small difference of large sums, these are not
    names = ("critic/input_gradient_norm", "gradient_norm/critic", "gradient_norm/generator")
    for name in names:
        # rounding differs, and grows with the steps; a mistake in the sums is a factor
        assert float(two[0][name]) == pytest.approx(float(one[0][name]), rel=0.1), name


def interrupt(dataset, folder, ranks, step, kill):
    """Start, do something to the training after this step, and return what it said."""
    training = start(dataset, folder, ranks)
    processes.wait_for_step(training, folder, step)
    kill(training)
    errors = processes.ended(training)
    assert not (folder / "run/model.safetensors").exists()
    return errors


def send(number):
    return lambda training: training.send_signal(number)


def assert_goes_on_to_the_same(dataset, folder, ranks, undisturbed):
    assert "train_gan: goes on after step" in processes.finished(start(dataset, folder, ranks))
    assert processes.results(folder) == processes.results(undisturbed[ranks])
    assert not list(folder.rglob("*.pt"))
    assert len(list((folder / "run/tensorboard").iterdir())) == 1


def test_torchrun_killed_and_then_told_to_end(dataset, undisturbed, tmp_path):
    # in the first epoch; the worker, in a session of its own, must not survive and finish unseen
    interrupt(dataset, tmp_path, 1, 4, send(signal.SIGKILL))
    before = processes.saved_step(tmp_path)
    errors = interrupt(dataset, tmp_path, 1, 20, send(signal.SIGUSR1))
    assert f"train_gan: goes on after step {before}\n" in errors
    told = processes.saved_step(tmp_path)
    assert f"told to end; goes on after step {told} when started again" in errors
    assert_goes_on_to_the_same(dataset, tmp_path, 1, undisturbed)


def test_a_worker_of_two_killed_and_then_all_told_to_end(dataset, undisturbed, tmp_path):
    def kill_rank_1(training):
        os.kill(processes.worker(training, 1), signal.SIGKILL)

    errors = interrupt(dataset, tmp_path, 2, 12, kill_rank_1)
    assert "Signal 9 (SIGKILL)" in errors
    errors = interrupt(dataset, tmp_path, 2, 30, send(signal.SIGTERM))
    assert errors.count("told to end; goes on after step") == 1
    assert_goes_on_to_the_same(dataset, tmp_path, 2, undisturbed)


def test_a_mistake_in_one_process_ends_all_with_its_traceback(dataset, tmp_path):
    program = PROGRAM.parents[2] / "tests/unit/failing_training.py"
    errors = processes.ended(start(dataset, tmp_path, 2, program=program))
    assert "ZeroDivisionError: a mistake in the code of rank 1" in errors
    assert 'failing_training.py", line' in errors
    root_cause = errors.partition("Root Cause")[2]
    assert "rank      : 1 " in root_cause
    assert "a mistake in the code of rank 1" in root_cause


def test_bad_input_is_told_in_one_line(dataset, tmp_path):
    training = processes.start([sys.executable], PROGRAM, dataset, tmp_path, "--steps 0")
    (line,) = processes.ended(training).splitlines()
    assert line.startswith("error: command line: steps = 0")
    assert training.returncode == 2
    assert not (tmp_path / "run").exists()


def sample_command(dataset, gan, multiplicity, output, *settings):
    command = [sys.executable, SCRIPTS / "sample.py", "--events", dataset / "test.parquet"]
    command += ["--normalization", dataset / "normalization.json", "--multiplicity", multiplicity]
    command += ["--model", gan, "--output", output, "--timing", output.with_suffix(".json")]
    return [str(word) for word in (*command, *settings)]


def sample(*args):
    return subprocess.run(sample_command(*args), capture_output=True, text=True)


@pytest.fixture(scope="module")
def multiplicity(tmp_path_factory):
    folder = tmp_path_factory.mktemp("multiplicity")
    torch.manual_seed(1)
    model = MultiplicityModel(0.9, 0.6, -1.0)
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
            dataset, undisturbed[1] / "run", multiplicity, output, "--batch-events", str(size)
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


def test_samples_do_not_depend_on_the_number_of_files(dataset, undisturbed, multiplicity, tmp_path):
    real = read_events(dataset / "test.parquet")
    sources = [tmp_path / f"events-{part}.parquet" for part in range(3)]
    for source, rows in zip(sources, np.array_split(np.arange(len(real)), 3), strict=True):
        write_events(source, real.select(rows), "test")
    run, whole = undisturbed[1] / "run", tmp_path / "whole.parquet"
    assert sample(dataset, run, multiplicity, whole).returncode == 0
    shards = [tmp_path / f"samples-{part}.parquet" for part in range(2)]
    dealt = ("--events", *sources, "--output", *shards)
    result = sample(dataset, run, multiplicity, whole, *dealt)
    assert result.returncode == 0, result.stderr
    # the first file, and the other two
    assert len(read_events(shards[0])) == len(read_events(sources[0]))
    joint, samples = read_events(shards), read_events(whole)
    for name in ("event_id", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(joint, name), getattr(samples, name))


def test_muons_are_made_a_bounded_number_at_a_time(
    dataset, undisturbed, multiplicity, tmp_path, monkeypatch
):
    run, files = undisturbed[1] / "run", [tmp_path / f"{name}.parquet" for name in ("whole", "cut")]
    assert sample(dataset, run, multiplicity, files[0]).returncode == 0
    whole = read_events(files[0])
    made, generate = [], BundleSampler.__call__

    def counted(sampler, events, counts, *rest):
        made.append(counts.sum())
        return generate(sampler, events, counts, *rest)

    most = int(whole.counts.max())
    monkeypatch.setattr(sample_program, "MUONS_AT_A_TIME", most)
    monkeypatch.setattr(BundleSampler, "__call__", counted)
    monkeypatch.setattr(sys, "argv", sample_command(dataset, run, multiplicity, files[1])[1:])
    sample_program.main()
    assert max(made) <= most
    assert sum(made) == whole.counts.sum() > most
    cut = read_events(files[1])
    for name in ("event_id", "offsets", "muons"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(whole, name))


def test_more_files_of_samples_than_of_events_are_refused(
    dataset, undisturbed, multiplicity, tmp_path
):
    outputs = [tmp_path / f"{part}.parquet" for part in range(2)]
    result = sample(dataset, undisturbed[1] / "run", multiplicity, outputs[0], "--output", *outputs)
    assert result.returncode == 2
    assert result.stderr.startswith("error: --output names 2 files for 1 of --events")
    assert not any(output.exists() for output in outputs)


def test_a_generator_of_another_normalisation_is_refused(
    dataset, undisturbed, multiplicity, tmp_path
):
    other = fit_normalization(lambda: [synthetic_events(50, 9)], "seed")
    other.save(tmp_path / "normalization.json")
    (tmp_path / "test.parquet").write_bytes((dataset / "test.parquet").read_bytes())
    output = tmp_path / "samples.parquet"
    result = sample(tmp_path, undisturbed[1] / "run", multiplicity, output)
    assert result.returncode == 2
    assert "another normalisation" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not output.exists()
