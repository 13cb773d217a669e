"""Train the distribution of the number of muons given the primary.

A training that was killed or told to end goes on from its newest checkpoint when started again.
"""

import argparse
from functools import partial

import torch
from torch.distributed.elastic.multiprocessing.errors import record

from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.energy_importance import energy_weights
from fastsim.bundles.models.multiplicity import STAGE
from fastsim.bundles.multiplicity_training import (
    MultiplicityTraining,
    check_folds,
    validation_metrics,
    with_count,
)
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.shards import read_shards
from fastsim.engine.distributed import Process
from fastsim.engine.loop import Loop, Plan
from fastsim.errors import exit_on_input_error
from fastsim.training_program import (
    open_checkpoints,
    open_data,
    open_logbook,
    run_training,
    write_run,
)

MEMORY_KEYS = "batch_events, width or resident_memory of train_multiplicity"


@record
@exit_on_input_error
def main() -> None:
    """Train, validate after every epoch, and write the run folder."""
    run_training(__doc__, TrainMultiplicityConfig, train)


def train(config: TrainMultiplicityConfig, args: argparse.Namespace, process: Process) -> None:
    """Make all epochs; the first process evaluates and writes, the others wait meanwhile."""
    # sums in one order, so that the model depends on the seed alone and not on the cores; the
    # network is too small to gain from more
    torch.set_num_threads(1)
    normalization = Normalization.load(args.normalization)
    if config.folds > 1:
        check_folds(args.train, config.folds, config.seed)
    checkpoints = open_checkpoints(args, config, __file__)
    data = open_data(
        STAGE,
        args,
        config,
        process,
        points_column=POINTS_COLUMN,
        prepare=partial(with_count, folds=config.folds, seed=config.seed),
        batch_events=config.batch_events,
        # no points are left to limit a batch
        max_points=1,
        weigh=energy_weights(normalization, config.energy_importance),
    )
    validation = read_shards(args.validation, points_column=POINTS_COLUMN)
    training = MultiplicityTraining(config, normalization, data, validation, process)
    every = training.steps_per_epoch
    plan = Plan(
        STAGE,
        training.steps,
        frozenset(range(every, training.steps + 1, every)),
        "validation NLL",
        MEMORY_KEYS,
    )
    logbook = open_logbook(args) if process.is_main else None
    outcome = Loop(training, config, plan, checkpoints, logbook, process).run()
    data.close()
    if process.is_main:
        model = training.model.cpu().eval()
        model.load_state_dict(outcome.weights)
        metrics = validation_metrics(model, validation, config.seed)
        write_run(args.output_dir, STAGE, config, model.architecture, metrics, outcome, logbook)
        checkpoints.clear()


if __name__ == "__main__":
    main()
