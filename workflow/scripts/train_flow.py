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

from fastsim.bundles.bundle_validation import Validation
from fastsim.bundles.config.train_flow import TrainFlowConfig
from fastsim.bundles.flow_data import scored_bundles
from fastsim.bundles.flow_generation import STAGE, generate
from fastsim.bundles.flow_training import FlowTraining
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

MEMORY_KEYS = "max_muons_per_batch, batch_events, width or resident_memory of train_flow"


@record
@exit_on_input_error
def main() -> None:
    """Train, keep the flow with the best validation likelihood, and write its run folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    add_training_arguments(parser, TrainFlowConfig)
    args = parser.parse_args()
    config = from_flags(TrainFlowConfig, args)
    set_numerics(config.deterministic, config.detect_anomaly)
    with process_group() as process:
        train(config, args, process)


def train(config: TrainFlowConfig, args: argparse.Namespace, process: Process) -> None:
    """Make all steps; the first process evaluates and writes, the others wait for it meanwhile."""
    normalization = Normalization.load(args.normalization)
    checkpoints = open_checkpoints(args, config, __file__)
    data = open_data(
        STAGE,
        args,
        config,
        process,
        points_column=POINTS_COLUMN,
        prepare=scored_bundles,
        batch_events=config.batch_events,
        max_points=config.max_muons_per_batch,
    )
    validation = held_out = logbook = None
    if process.is_main:
        shard = read_shards(args.validation, points_column=POINTS_COLUMN)
        validation = Validation(shard, normalization, config.seed)
        held_out = scored_bundles(validation.shard)
        logbook = open_logbook(args)
    training = FlowTraining(config, data, held_out, process)
    plan = Plan(
        STAGE,
        config.steps,
        late_steps(config.steps, config.evaluations),
        "validation NLL",
        MEMORY_KEYS,
    )
    outcome = Loop(training, config, plan, checkpoints, logbook, process).run()
    data.close()
    if process.is_main:
        flow = training.flow.cpu().eval()
        flow.load_state_dict(outcome.weights)
        model = {"flow": flow.architecture}
        model["normalization"] = hash_of(normalization.model_dump(mode="json"))
        score = validation.score(partial(generate, flow.double()))
        metrics = {
            "steps": outcome.step,
            "best_step": outcome.kept_step,
            "validation_nll": outcome.score,
            "validation_auc": score.auc,
            "validation_w1": score.w1_sum,
            "validation_events": len(validation),
        }
        write_run(args.output_dir, STAGE, config, model, metrics, outcome, logbook)
        checkpoints.clear()


if __name__ == "__main__":
    main()
