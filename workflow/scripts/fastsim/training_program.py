"""What the programs of all trainings have in common: arguments, data, checkpoints, results."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fastsim.data.event_batches import EventBatches
from fastsim.data.free_memory import free_memory
from fastsim.data.shards import Shard
from fastsim.engine.checkpoint import Checkpoints
from fastsim.engine.config import TrainingConfig
from fastsim.engine.distributed import Process, process_group
from fastsim.engine.loop import Outcome
from fastsim.engine.precision import set_numerics
from fastsim.files import write_json
from fastsim.fingerprints import hash_of_files
from fastsim.run_folder import save_weights, write_config
from fastsim.settings import add_flags, from_flags
from fastsim.sources import sources
from fastsim.tracking.logbook import Logbook, default_run_name
from fastsim.tracking.wandb_run import WandbSettings

WITHOUT_CONSEQUENCES = {"resident_memory", "save_every_steps", "keep_checkpoints"}
"""Keys that may change while a training goes on from its checkpoint."""


def add_training_arguments(parser: argparse.ArgumentParser, section: type[TrainingConfig]) -> None:
    """Add the data, the folders, how the run is shown, and the keys of the config section."""
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="normalised shards")
    parser.add_argument("--validation", type=Path, nargs="+", required=True, help="likewise")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder kept after a kill")
    parser.add_argument("--output-dir", type=Path, required=True, help="run folder to write")
    parser.add_argument("--run-name", help="in TensorBoard (default: the time)")
    parser.add_argument("--wandb-project", help="show the run on Weights & Biases too")
    add_flags(parser, section)


def run_training(
    description: str,
    section: type[TrainingConfig],
    train: Callable[[TrainingConfig, argparse.Namespace, Process], None],
) -> None:
    """Read the command line, join the processes of the training, and train.

    Args:
        description: of the program; its first line is shown.
        section: class of its config section.
        train: is given the config, the other arguments and this process.
    """
    parser = argparse.ArgumentParser(description=description.partition("\n")[0], allow_abbrev=False)
    add_training_arguments(parser, section)
    args = parser.parse_args()
    config = from_flags(section, args)
    set_numerics(config.deterministic, config.detect_anomaly)
    with process_group() as process:
        train(config, args, process)


def open_checkpoints(args: argparse.Namespace, config: TrainingConfig, program: str) -> Checkpoints:
    """Return the checkpoints of the training of this config by this code on these data."""
    identity = {
        # where events are kept, and when checkpoints are written, changes nothing
        "config": config.model_dump(mode="json", exclude=WITHOUT_CONSEQUENCES),
        "data": hash_of_files([*args.train, *args.validation, args.normalization]),
        "sources": hash_of_files(sources(program)),
        "torch": torch.__version__,
    }
    return Checkpoints(args.checkpoints, identity, config.keep_checkpoints)


def open_data(
    stage: str,
    args: argparse.Namespace,
    config: TrainingConfig,
    process: Process,
    *,
    points_column: str,
    prepare: Callable[[Shard], Shard],
    batch_events: int,
    max_points: int,
    weigh: Callable[[np.ndarray], np.ndarray] | None,
) -> EventBatches:
    """Return the stream of training batches, see :class:`EventBatches`, and say what they are.

    Without ``resident_memory``, events may take half of what is free where it is least: processes
    that decide each for itself might take different batches.
    """
    if config.resident_memory is not None:
        memory = config.resident_memory * 2**20
    else:
        on_host = process.device.type == "cpu"
        sharing = int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if on_host else 1
        free = torch.tensor(free_memory(process.device) // (2 * sharing))
        memory = int(min(process.gather(free)))
    data = EventBatches(
        args.train,
        points_column=points_column,
        prepare=prepare,
        device=process.device,
        batch_events=batch_events,
        max_points=max_points,
        seed=config.seed,
        shuffle_window=config.shuffle_window,
        resident_memory=memory,
        weigh=weigh,
    )
    if process.is_main:
        where = f"kept on the {process.device.type}" if data.resident else "streamed from disk"
        print(
            f"{stage}: {data.events} events, {where}; effective batch {batch_events} x "
            f"{config.accumulate} accumulated, shared by {process.world_size} process(es)",
            file=sys.stderr,
            flush=True,
        )
    return data


def open_logbook(args: argparse.Namespace) -> Logbook:
    """Return the logbook of the run folder that the arguments name; it is made if needed."""
    args.output_dir.mkdir(parents=True, exist_ok=True)
    wandb = WandbSettings(args.wandb_project) if args.wandb_project else None
    return Logbook(args.output_dir, run_name=args.run_name or default_run_name(), wandb=wandb)


def write_run(
    folder: Path,
    stage: str,
    config: TrainingConfig,
    model: Mapping[str, Any],
    metrics: Mapping[str, Any],
    outcome: Outcome,
    logbook: Logbook,
) -> None:
    """Write the run folder of a finished training, the weights last.

    Args:
        folder: to write.
        stage: name of the stage.
        config: the effective section.
        model: plain values from which the network is built again.
        metrics: figures of the kept weights on validation data.
        outcome: of the training.
        logbook: it is closed.
    """
    values = config.model_dump(mode="json")
    logbook.hyperparameters(values, metrics)
    logbook.close()
    write_config(folder, stage, values, model)
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "timing.json", outcome.timing)
    save_weights(folder, outcome.weights)
