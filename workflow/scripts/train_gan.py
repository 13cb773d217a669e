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

from fastsim.bundles.bundle_run import BundleRun
from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.gan_data import training_bundles
from fastsim.bundles.gan_training import GanTraining
from fastsim.bundles.generation import STAGE
from fastsim.engine.distributed import Process
from fastsim.errors import exit_on_input_error
from fastsim.training_program import run_training


@record
@exit_on_input_error
def main() -> None:
    """Train, keep the generator with the best validation score, and write its run folder."""
    run_training(__doc__, TrainGanConfig, train)


def train(config: TrainGanConfig, args: argparse.Namespace, process: Process) -> None:
    """Make all steps; the first process evaluates and writes, the others wait for it meanwhile."""
    run = BundleRun(STAGE, args, config, process, __file__, training_bundles)
    training = GanTraining(config, run.data, run.validation, process)
    outcome = run.train(training, "validation AUC", training.generator_starts)
    if process.is_main:
        scores = {
            "validation_auc": outcome.score,
            "validation_w1": run.logbook.at(outcome.kept_step)["validation/w1"],
        }
        run.write(outcome, {"generator": training.generator_arguments}, scores)


if __name__ == "__main__":
    main()
