"""Trainings of several families of networks side by side: quality, size and speed."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.generation import STAGE, generate, load_generator
from fastsim.bundles.model_costs import count_parameters
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator
from fastsim.data.shards import Shard
from fastsim.errors import InputError
from fastsim.run_folder import CONFIG, read_config, read_figures
from fastsim.settings import parse
from fastsim.stats.two_sample import auc_error

# enough for seconds to be no matter of chance, few enough to be over in some
MUONS_SAMPLED = 50_000
ROUNDS = 5

METRICS = ("steps", "validation_auc", "validation_w1", "validation_events")
TIMING = ("steps", "seconds", "events")


@dataclass(frozen=True)
class Run:
    """A finished training of the GAN.

    Attributes:
        family: of generator and critic, ``generator + critic`` where they differ.
        settings: the effective section but for the families, and the normalisation's hash: what
            runs must share to be compared.
        generator: in float64.
        generator_parameters, critic_parameters: how many are trained.
        metrics: :data:`METRICS`.
        timing: :data:`TIMING`, of the steps alone.
    """

    family: str
    settings: dict[str, Any]
    generator: Generator
    generator_parameters: int
    critic_parameters: int
    metrics: dict[str, float]
    timing: dict[str, float]


@dataclass(frozen=True)
class Result:
    """A row of the table; speeds are per second, W1 is a sum in standard deviations."""

    family: str
    validation_auc: float
    validation_w1: float
    validation_events: int
    generator_parameters: int
    critic_parameters: int
    steps: int
    training_steps_per_second: float
    training_events_per_second: float
    sampled_muons_per_second: float

    @property
    def validation_auc_error(self) -> float:
        """Standard deviation of the AUC of equal samples of independent events."""
        return auc_error(self.validation_events, self.validation_events)


def read_run(folder: Path) -> Run:
    """Read a run folder of ``train_gan``.

    Raises:
        InputError: a file is missing or corrupt, lacks a figure, or tells of no step.
    """
    generator, model = load_generator(folder)
    where = folder / CONFIG
    values = read_config(folder, STAGE)["config"]
    config = parse(TrainGanConfig, values, str(where))
    critic = Critic(
        model["generator"]["conditions"], config.width, config.critic_layers, config.critic_family
    )
    families = dict.fromkeys((config.generator_family, config.critic_family))
    timing = read_figures(folder / "timing.json", TIMING)
    if timing["seconds"] <= 0:
        raise InputError(f"{folder / 'timing.json'}: seconds = 0: no step was timed; train again")
    own = {"generator_family", "critic_family"}
    return Run(
        family=" + ".join(families),
        settings=config.model_dump(mode="json", exclude=own)
        | {"normalization": model.get("normalization")},
        generator=generator.double(),
        generator_parameters=count_parameters(generator),
        critic_parameters=count_parameters(critic),
        metrics=read_figures(folder / "metrics.json", METRICS),
        timing=timing,
    )


def compare(folders: Sequence[Path], shard: Shard) -> list[Result]:
    """Return a row per run folder, in their order.

    Args:
        folders: of trainings that differ in the families of their networks only.
        shard: normalised events; about the first :data:`MUONS_SAMPLED` muons are generated anew,
            to measure speed.

    Raises:
        InputError: see :func:`read_run`; the runs differ in a setting; no event has a muon.
    """
    runs = [read_run(folder) for folder in folders]
    for folder, run in zip(folders, runs, strict=True):
        for key, value in runs[0].settings.items():
            if run.settings[key] != value:
                raise InputError(
                    f"{folder / CONFIG}: {key} = {run.settings[key]}, but {value} in "
                    f"{folders[0]}; runs that are compared may differ in their families only"
                )
    speeds = sampling_speeds([run.generator for run in runs], shard)
    return [_result(run, speed) for run, speed in zip(runs, speeds, strict=True)]


def _result(run: Run, muons_per_second: float) -> Result:
    return Result(
        family=run.family,
        validation_auc=run.metrics["validation_auc"],
        validation_w1=run.metrics["validation_w1"],
        validation_events=int(run.metrics["validation_events"]),
        generator_parameters=run.generator_parameters,
        critic_parameters=run.critic_parameters,
        steps=int(run.metrics["steps"]),
        training_steps_per_second=run.timing["steps"] / run.timing["seconds"],
        training_events_per_second=run.timing["events"] / run.timing["seconds"],
        sampled_muons_per_second=muons_per_second,
    )


def sampling_speeds(generators: Sequence[Generator], shard: Shard) -> list[float]:
    """Return muons per second of each generator, as :func:`generate` makes them.

    All take turns with the same batch, so that a machine that gets busier slows all of them; the
    median over :data:`ROUNDS` counts.
    """
    filled = shard.select(np.flatnonzero(shard.counts > 0))
    # up to and including the event that completes the number
    before = np.cumsum(filled.counts, dtype=np.int64) - filled.counts
    batch = filled.select(before < MUONS_SAMPLED)
    if len(batch) == 0:
        raise InputError("validation shards: no event has a muon; at least one is needed")
    seconds: list[list[float]] = [[] for _ in generators]
    # the first round warms up
    for _ in range(1 + ROUNDS):
        for generator, measured in zip(generators, seconds, strict=True):
            start = time.perf_counter()
            ids = np.arange(len(batch), dtype=np.uint64)
            generate(generator, batch.conditions, batch.counts, ids, seed=1)
            measured.append(time.perf_counter() - start)
    muons = int(batch.counts.sum())
    return [muons / statistics.median(measured[1:]) for measured in seconds]


def as_markdown(results: Sequence[Result]) -> str:
    """Return the table of the comparison, the best of a column in bold, and how to read it."""
    columns = {
        "validation AUC": _column([r.validation_auc for r in results], "{:.4f}", min),
        "validation W1": _column([r.validation_w1 for r in results], "{:.3f}", min),
        "generator parameters": _column([r.generator_parameters for r in results], "{:,}"),
        "critic parameters": _column([r.critic_parameters for r in results], "{:,}"),
        "training steps/s": _column([r.training_steps_per_second for r in results], "{:,.1f}", max),
        "training events/s": _column(
            [r.training_events_per_second for r in results], "{:,.0f}", max
        ),
        "sampled muons/s": _column([r.sampled_muons_per_second for r in results], "{:,.0f}", max),
    }
    rows = zip((r.family for r in results), *columns.values(), strict=True)
    first = results[0]
    note = (
        f"One training of {first.steps} steps each, same data, seed and settings. An AUC of 0.5 "
        f"means that trees cannot tell generated from simulated events; from "
        f"{first.validation_events} validation events it is known to "
        f"{first.validation_auc_error:.3f} at best, and another seed may change it by more. "
        "Training speeds are without evaluations, sampling is in float64 on the CPU."
    )
    lines = [
        _line(["family", *columns]),
        "|---|" + "---:|" * len(columns),
        *map(_line, rows),
        "",
        note,
    ]
    return "\n".join(lines) + "\n"


def _column(
    values: Sequence[float],
    form: str,
    best: Callable[[Sequence[float]], float] | None = None,
) -> list[str]:
    cells = [form.format(value) for value in values]
    if best is None:
        return cells
    winner = form.format(best(values))
    # what reads the same is as good
    return [f"**{cell}**" if cell == winner else cell for cell in cells]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
