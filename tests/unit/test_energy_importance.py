"""Trainings that draw their events by energy: the spectrum they see, the key that asks for it."""

import sys

import numpy as np
import pytest
import training_processes as processes
import yaml
from event_files import CPU, epoch_of
from scipy.stats import kstest
from training_processes import SCRIPTS

from fastsim.bundles.energy_importance import energy_weights
from fastsim.bundles.multiplicity_training import with_count
from fastsim.bundles.representation import CONDITIONS, POINTS_COLUMN, Normalization, SeedMuons
from fastsim.data.event_batches import EventBatches
from fastsim.data.normalization import Affine
from fastsim.data.shards import Shard, write_shard

# mean and standard deviation of log10(E/PeV), and of the rest
NORMALIZATION = Normalization(
    primaries={name: Affine(mean=-1.6, std=0.7) for name in CONDITIONS},
    muons=SeedMuons(energy=Affine(mean=0.0, std=1.0), position_scale=1.0),
)


def conditions_of(energy):
    """Return conditions of primaries of these energies in GeV, and nothing else of interest."""
    primaries = np.tile([1.0, 0.938, 0.0, 1500.0], (len(energy), 1))
    primaries[:, 0] = energy
    return NORMALIZATION.conditions(primaries)


@pytest.mark.parametrize("power", [0.5, 1.0, 5.0])
def test_weights_are_the_energy_to_the_power(power):
    energy = np.array([1e2, 1e6 * 10**-1.6, 1e5, 1e9, 1e12])
    weights = energy_weights(NORMALIZATION, power)(conditions_of(energy))
    assert weights.dtype == np.float64
    # conditions are in single precision
    np.testing.assert_allclose(weights, (energy / energy[1]) ** power, rtol=1e-4)


def test_without_a_power_all_events_are_alike():
    assert energy_weights(NORMALIZATION, 0.0) is None


def energies_of_an_epoch(folder, energy, power, window):
    """Return the primary energies in GeV that a training of the multiplicity draws."""
    conditions = conditions_of(energy)
    blocks = [
        Shard(part, np.zeros(len(part), np.int32), np.zeros((0, 3), np.float32))
        for part in np.array_split(conditions, 20)
    ]
    path = folder / "train.parquet"
    write_shard(path, blocks, {}, widths=(4, 3), points_column=POINTS_COLUMN)
    batches = EventBatches(
        [path],
        points_column=POINTS_COLUMN,
        prepare=with_count,
        device=CPU,
        batch_events=1024,
        max_points=1,
        seed=1,
        shuffle_window=window,
        resident_memory=0,
        weigh=energy_weights(NORMALIZATION, power),
    )
    drawn = np.concatenate(
        [batch.gather(slice(None))[0][:, :4].numpy() for batch in epoch_of(batches)]
    )
    batches.close()
    return NORMALIZATION.primaries_of(drawn)[:, 0]


@pytest.mark.parametrize("window", [None, 3000])
def test_a_spectrum_of_gamma_2_is_seen_as_one_of_gamma_1(tmp_path, window):
    events, decades = 20_000, 2
    # dN/dE ~ E^-2 from 10 TeV to 1 PeV
    uniform = np.random.default_rng(1).random(events)
    energy = 1e4 / (1.0 - uniform * (1.0 - 10.0**-decades))
    distances = {}
    for power in (0.0, 0.9, 1.0, 1.1):
        drawn = energies_of_an_epoch(tmp_path, energy, power, window)
        assert len(drawn) == events
        # log E is uniform for E^-1
        distances[power] = kstest((np.log10(drawn) - 4.0) / decades, "uniform").statistic
    # the sample is worth 20,000 ln(100)^2 / 100 events, whose D is 0.02 at 5 %
    assert distances[1.0] < 0.02
    assert min(distances[0.9], distances[1.1]) > 0.03
    assert distances[0.0] > 0.4


PROGRAMS = {
    "train_multiplicity": "--epochs 2 --batch-events 64 --width 4",
    "train_gan": "--steps 6 --batch-events 32 --width 8 --evaluations 1",
    "train_flow": "--steps 6 --batch-events 32 --width 8 --evaluations 1",
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("value", "shown"), [("-0.5", "-0.5"), ("6", "6"), (".nan", "NaN")])
def test_other_powers_are_refused_in_one_line(run, capfd, tmp_path, program, value, shown):
    files = [f"--{name}" for name in ("train", "validation", "normalization", "checkpoints")]
    arguments = [word for flag in files for word in (flag, tmp_path / "missing")]
    arguments += ["--output-dir", tmp_path / "run", "--energy-importance", value]
    assert run(program, *arguments) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"error: command line: energy_importance = {shown}: ")
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return processes.make_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_train_on_what_is_drawn_by_energy(dataset, tmp_path, program):
    weights = set()
    for power in (0.0, 1.0):
        folder = tmp_path / str(power)
        settings = f"{PROGRAMS[program]} --energy-importance {power}"
        training = [sys.executable], SCRIPTS / f"{program}.py", dataset, folder, settings
        processes.finished(processes.start(*training))
        weights.add((folder / "run/model.safetensors").read_bytes())
        config = yaml.safe_load((folder / "run/config.yaml").read_text())
        assert config["config"]["energy_importance"] == power
    assert len(weights) == 2
