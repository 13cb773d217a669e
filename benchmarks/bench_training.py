"""Measure the training: rates, use of the device, waiting, scaling, and a plain way beside it.

Run, after `make run`: python benchmarks/bench_training.py [results folder]

Everything is a ratio of figures measured in this run on this device. The strong scaling is that of
whole programs under torchrun with the same joint batch, one thread a process.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import profile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

from plain_training import Flat, Padded, PlainTraining

from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.gan_data import training_bundles
from fastsim.bundles.gan_training import GanTraining
from fastsim.bundles.multiplicity_training import MultiplicityTraining, with_count
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.event_batches import EventBatches
from fastsim.data.shards import Shard, read_shards
from fastsim.engine.distributed import Process
from fastsim.engine.guards import NonFinite

SCRIPT = Path(__file__).parents[1] / "workflow/scripts/train_gan.py"
WARM_UP, ROUNDS, STEPS = 5, 3, 15
"""Steps before the first that counts; alternating rounds of each way, and steps in each."""
SCALING_STEPS = 200
MULTIPLICITY_STEPS = 500
MATRIX = 2048


def main() -> None:
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results/bundles")
    shards = {
        split: sorted((results / "dataset" / split).glob("*.parquet"))
        for split in ("train", "validation")
    }
    if not all(shards.values()):
        sys.exit(f"{results} holds no finished run: `make run` makes one")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"device: {name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    against_plain(shards["train"], device)
    multiplicity(results, shards, device)
    scaling(results, shards)


def data_of(paths: list[Path], device: torch.device, config: TrainGanConfig) -> EventBatches:
    """Return training bundles kept on the device."""
    return EventBatches(
        paths,
        points_column=POINTS_COLUMN,
        prepare=training_bundles,
        device=device,
        batch_events=config.batch_events,
        max_points=config.max_muons_per_batch,
        seed=config.seed,
        shuffle_window=None,
        resident_memory=None,
    )


def against_plain(paths: list[Path], device: torch.device) -> None:
    """Time the GAN's steps and those of the plain ways in turns; compare their first losses."""
    # as the plain ways are: constant rates from the first step
    config = TrainGanConfig(
        scheduler="constant", generator_scheduler="constant", generator_delay=0.0
    )
    process = Process(0, 1, device)
    training = GanTraining(config, data_of(paths, device, config), None, process)
    guard = NonFinite("skip")
    ways: dict[str, Callable[[int], object]] = {
        "this training": lambda step: training.step(step, guard)
    }
    for label, passes in (("plain, flat", Flat()), ("plain, padded", Padded())):
        start = GanTraining(config, data_of(paths, device, config), None, process)
        plain = PlainTraining(
            start.generator,
            start.critic,
            passes,
            data_of(paths, device, config),
            seed=config.seed,
            critic_steps=config.critic_steps,
            penalty_weight=config.penalty_weight,
            rates=(config.generator_learning_rate, config.critic_learning_rate),
            betas=config.betas,
        )
        print(f"{label}: the first losses are {plain.step(1)}")
        ways[label] = plain.step
    training.step(1, guard)
    own = training.scalars()
    print(f"this training: its first losses are {own['loss/critic']}, {own['loss/generator']}")
    seconds = dict.fromkeys(ways, 0.0)
    for step in ways.values():
        for number in range(2, WARM_UP + 2):
            step(number)
    used, waited = dict(training.usage()), 0.0
    number = WARM_UP + 2
    for _ in range(ROUNDS):
        for label, step in ways.items():
            start = clock(device)
            for i in range(STEPS):
                step(number + i)
            seconds[label] += clock(device) - start
        number += STEPS
    steps = ROUNDS * STEPS
    spent = {key: value - used[key] for key, value in training.usage().items()}
    own = seconds["this training"]
    waited = spent["waiting_seconds"] / own
    print(
        f"WGAN-GP, batches of {config.batch_events} events: {steps / own:.2f} steps/s, "
        f"{spent['events'] / own:.0f} events/s, {spent['muons'] / own:.0f} muons/s; waiting for "
        f"data {waited:.2%} of the time (limit 5 %: {'ok' if waited < 0.05 else 'MISSED'})"
    )
    with profile(with_flops=True) as profiler:
        training.step(number, guard)
    flops = sum(event.flops for event in profiler.key_averages() if "mm" in event.key)
    rate = flops * steps / own
    peak = product_rate(device)
    print(
        f"matrix products of a step: {flops / 1e9:.2f} GFLOP, so "
        f"{rate / 1e9:.1f} GFLOP/s; one product of {MATRIX} x {MATRIX}: {peak / 1e9:.1f} GFLOP/s; "
        f"share {rate / peak:.2f}"
    )
    for label, time_spent in seconds.items():
        if label != "this training":
            print(
                f"{label}: {steps / time_spent:.2f} steps/s; this one {time_spent / own:.2f} times"
            )


def clock(device: torch.device) -> float:
    """Return the time at which the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def product_rate(device: torch.device) -> float:
    """Return FLOP/s of one large matrix product in single precision, the best of some."""
    a, b = torch.randn(2, MATRIX, MATRIX, device=device)
    best = float("inf")
    for _ in range(10):
        start = clock(device)
        _ = a @ b
        best = min(best, clock(device) - start)
    return 2.0 * MATRIX**3 / best


def multiplicity(results: Path, shards: dict[str, list[Path]], device: torch.device) -> None:
    """Time the steps of the multiplicity model."""
    config = TrainMultiplicityConfig()
    data = EventBatches(
        shards["train"],
        points_column=POINTS_COLUMN,
        prepare=with_count,
        device=device,
        batch_events=config.batch_events,
        max_points=1,
        seed=config.seed,
        shuffle_window=None,
        resident_memory=None,
    )
    validation: Shard = read_shards(shards["validation"], points_column=POINTS_COLUMN)
    normalization = Normalization.load(results / "dataset" / "normalization.json")
    training = MultiplicityTraining(config, normalization, data, validation, Process(0, 1, device))
    guard = NonFinite("skip")
    for step in range(1, WARM_UP + 1):
        training.step(step, guard)
    used = training.usage()
    start = clock(device)
    for step in range(MULTIPLICITY_STEPS):
        training.step(WARM_UP + 1 + step, guard)
    seconds = clock(device) - start
    spent = {key: value - used[key] for key, value in training.usage().items()}
    print(
        f"multiplicity, batches of {config.batch_events} events: "
        f"{MULTIPLICITY_STEPS / seconds:.1f} steps/s, {spent['events'] / seconds:.3g} events/s; "
        f"waiting for data {spent['waiting_seconds'] / seconds:.2%}"
    )


def scaling(results: Path, shards: dict[str, list[Path]]) -> None:
    """Train under torchrun with one and two processes, where each has a GPU or none has one."""
    if torch.cuda.device_count() == 1:
        print("one GPU: one and two processes are not compared")
        return
    rates = {}
    for processes in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            rates[processes] = steps_per_second(results, shards, processes, Path(folder))
        print(f"{processes} process(es) of one thread: {rates[processes]:.2f} steps/s")
    print(f"two processes against one: {rates[2] / rates[1]:.2f} times")


def steps_per_second(
    results: Path, shards: dict[str, list[Path]], processes: int, folder: Path
) -> float:
    """Train for :data:`SCALING_STEPS` steps; return the rate that the program reports."""
    command = ["torchrun", "--standalone", "--nproc-per-node", str(processes), str(SCRIPT)]
    for split, paths in shards.items():
        command += [f"--{split}", *map(str, paths)]
    command += ["--normalization", str(results / "dataset" / "normalization.json")]
    command += ["--checkpoints", str(folder / "checkpoints"), "--output-dir", str(folder / "gan")]
    command += ["--steps", str(SCALING_STEPS), "--evaluations", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    # the last line with a time left comes before the evaluation at the end
    return float(re.findall(r"([\d.]+)/s, .* left", run.stderr)[-1])


if __name__ == "__main__":
    main()
