"""Train the generator of muons: a conditional Wasserstein GAN with gradient penalty.

One process, or several started by torchrun, on CPUs or one per GPU; the code is the same:

    torchrun --standalone --nproc-per-node 2 workflow/scripts/train_gan.py \\
        --train DATASET/train/*.parquet --validation DATASET/validation/*.parquet \\
        --normalization DATASET/normalization.json --checkpoints FOLDER --output-dir GAN

A step's batch is shared among the processes. A training that was killed or told to end goes on
from its newest checkpoint when started again, and ends with the model of an undisturbed one.
"""

import argparse

from torch.distributed.elastic.multiprocessing.errors import record

from fastsim.bundles.bundle_validation import Validation
from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.gan_data import training_bundles
from fastsim.bundles.gan_training import GanTraining
from fastsim.bundles.generation import STAGE
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.shards import read_shards
from fastsim.engine.distributed import Process, process_group
from fastsim.engine.loop import Loop, Plan, late_steps
from fastsim.engine.precision import set_numerics
from fastsim.errors import exit_on_input_error
from fastsim.fingerprints import hash_of
from fastsim.settings import from_flags
from fastsim.training_program import (
    add_training_arguments,
    open_checkpoints,
    open_data,
    open_logbook,
    write_run,
)

MEMORY_KEYS = "max_muons_per_batch, batch_events, width or resident_memory of train_gan"


@record
@exit_on_input_error
def main() -> None:
    """Train, keep the generator with the best validation score, and write its run folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    add_training_arguments(parser, TrainGanConfig)
    args = parser.parse_args()
    config = from_flags(TrainGanConfig, args)
    set_numerics(config.deterministic, config.detect_anomaly)
    with process_group() as process:
        train(config, args, process)


def train(config: TrainGanConfig, args: argparse.Namespace, process: Process) -> None:
    """Make all steps; the first process evaluates and writes, the others wait for it meanwhile."""
    normalization = Normalization.load(args.normalization)
    checkpoints = open_checkpoints(args, config, __file__)
    data = open_data(
        STAGE,
        args,
        config,
        process,
        points_column=POINTS_COLUMN,
        prepare=training_bundles,
        batch_events=config.batch_events,
        max_points=config.max_muons_per_batch,
    )
    validation = logbook = None
    if process.is_main:
        held_out = read_shards(args.validation, points_column=POINTS_COLUMN)
        validation = Validation(held_out, normalization, config.seed)
        logbook = open_logbook(args)
    training = GanTraining(config, data, validation, process)
    plan = Plan(
        STAGE,
        config.steps,
        late_steps(config.steps, config.evaluations),
        "validation AUC",
        MEMORY_KEYS,
    )
    outcome = Loop(training, config, plan, checkpoints, logbook, process).run()
    data.close()
    if process.is_main:
        model = {"generator": training.generator_arguments}
        model["normalization"] = hash_of(normalization.model_dump(mode="json"))
        metrics = {
            "steps": outcome.step,
            "best_step": outcome.kept_step,
            "validation_auc": outcome.score,
            "validation_w1": logbook.at(outcome.kept_step)["validation/w1"],
            "validation_events": len(validation),
        }
        write_run(args.output_dir, STAGE, config, model, metrics, outcome, logbook)
        checkpoints.clear()


if __name__ == "__main__":
    main()
