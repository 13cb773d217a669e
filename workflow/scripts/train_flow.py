"""Train the flow of muons: a conditional neural spline flow, by maximum likelihood.

One process, or several started by torchrun, on CPUs or one per GPU; the code is the same:

    torchrun --standalone --nproc-per-node 2 workflow/scripts/train_flow.py \\
        --train DATASET/train/*.parquet --validation DATASET/validation/*.parquet \\
        --normalization DATASET/normalization.json --checkpoints FOLDER --output-dir FLOW

A step's batch is shared among the processes. A training that was killed or told to end goes on
from its newest checkpoint when started again, and ends with the model of an undisturbed one.
"""

import argparse
from functools import partial

from torch.distributed.elastic.multiprocessing.errors import record

from fastsim.bundles.bundle_run import BundleRun
from fastsim.bundles.config.train_flow import TrainFlowConfig
from fastsim.bundles.flow_data import scored_bundles
from fastsim.bundles.flow_generation import STAGE, generate
from fastsim.bundles.flow_training import FlowTraining
from fastsim.engine.distributed import Process
from fastsim.errors import InputError, exit_on_input_error
from fastsim.training_program import run_training


@record
@exit_on_input_error
def main() -> None:
    """Train, keep the flow with the best validation likelihood, and write its run folder."""
    run_training(__doc__, TrainFlowConfig, train)


def train(config: TrainFlowConfig, args: argparse.Namespace, process: Process) -> None:
    """Make all steps; the first process evaluates and writes, the others wait for it meanwhile.

    Raises:
        InputError: what the config asks for does not exist on GPUs.
    """
    if config.deterministic and process.device.type == "cuda":
        raise InputError(
            "train_flow.deterministic is true: cumulative sums do not repeat bit for bit on a GPU; "
            "allowed there is false"
        )
    run = BundleRun(STAGE, args, config, process, __file__, scored_bundles)
    held_out = scored_bundles(run.validation.shard) if process.is_main else None
    training = FlowTraining(config, run.data, held_out, process)
    outcome = run.train(training, "validation NLL")
    if process.is_main:
        flow = training.flow.cpu().eval()
        flow.load_state_dict(outcome.weights)
        score = run.validation.score(partial(generate, flow.double()))
        scores = {
            "validation_nll": outcome.score,
            "validation_auc": score.auc,
            "validation_w1": score.w1_sum,
        }
        run.write(outcome, {"flow": flow.architecture}, scores)


if __name__ == "__main__":
    main()
