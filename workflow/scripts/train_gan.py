"""Train the generator of muons: a conditional Wasserstein GAN with gradient penalty.

Started by torchrun, one process on CPUs or one per GPU; the code is the same:

    torchrun --standalone --nproc-per-node 1 workflow/scripts/train_gan.py \\
        --train DATASET/train/*.parquet --validation DATASET/validation/*.parquet \\
        --normalization DATASET/normalization.json --checkpoints FOLDER --output-dir GAN

A step's batch is shared among the processes. A killed training goes on from its newest checkpoint
when started again, and ends with the model of an undisturbed one.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

import torch
from torch.distributed.elastic.multiprocessing.errors import record

from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.gan_data import TrainingBundles
from fastsim.bundles.gan_training import LOG_EVERY, GanTraining
from fastsim.bundles.gan_validation import Validation
from fastsim.bundles.generation import STAGE
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.shards import read_shards
from fastsim.engine.checkpoint import Checkpoints, fingerprint, hash_of, source_fingerprint
from fastsim.engine.distributed import Process, process_group
from fastsim.engine.early_stopping import EarlyStopping
from fastsim.engine.logbook import Logbook
from fastsim.engine.run_folder import save_weights, write_config
from fastsim.engine.schedule import late_steps
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags
from fastsim.sources import sources


@record
@exit_on_input_error
def main() -> None:
    """Train, keep the generator with the best validation score, and write its run folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="normalised shards")
    parser.add_argument("--validation", type=Path, nargs="+", required=True, help="likewise")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder kept after a kill")
    parser.add_argument("--output-dir", type=Path, required=True, help="run folder to write")
    add_flags(parser, TrainGanConfig)
    args = parser.parse_args()
    config = from_flags(TrainGanConfig, args)
    with process_group() as process:
        train(config, args, process)


def train(config: TrainGanConfig, args: argparse.Namespace, process: Process) -> None:
    """Make all steps; the first process evaluates and writes, the others wait for it meanwhile."""
    shard = read_shards(args.train, points_column=POINTS_COLUMN)
    held_out = read_shards(args.validation, points_column=POINTS_COLUMN)
    normalization = Normalization.load(args.normalization)
    arrays = [array for s in (shard, held_out) for array in (s.conditions, s.counts, s.points)]
    identity = {
        "config": config.model_dump(mode="json"),
        "data": fingerprint(arrays),
        "normalization": normalization.model_dump(mode="json"),
        "sources": source_fingerprint(sources(__file__)),
        "torch": torch.__version__,
    }
    checkpoints = Checkpoints(args.checkpoints, identity)

    data = TrainingBundles(shard, process.device)
    training = GanTraining(config, data, shard.conditions.shape[1], process)
    if process.is_main:
        validation = Validation(held_out, normalization, config.seed)
        args.output_dir.mkdir(parents=True, exist_ok=True)
        logbook, best, best_weights = Logbook(args.output_dir), EarlyStopping(), {}
    first = 1
    saved = checkpoints.load_newest(process.device)
    if saved is not None:
        first = saved["step"] + 1
        training.load_state_dict(saved["training"])
        if process.is_main:
            print(f"train_gan: goes on after step {saved['step']}", file=sys.stderr, flush=True)
            logbook.load_state_dict(saved["logbook"])
            best.load_state_dict(saved["best"])
            best_weights = saved["best_weights"]

    evaluate_at = late_steps(config.steps, config.evaluations)
    remaining = config.steps + 1 - first
    progress = Progress(remaining, "train_gan", "steps") if process.is_main else nullcontext()
    with progress:
        for step in range(first, config.steps + 1):
            training.step(step)
            if step % LOG_EVERY == 0:
                # every process takes part in the sums
                scalars = training.scalars()
            if not process.is_main:
                continue
            if step % LOG_EVERY == 0:
                logbook.scalars(step, scalars)
            if step in evaluate_at:
                score = validation.score(training.ema.model)
                logbook.scalars(step, {"validation/auc": score.auc, "validation/w1": score.w1_sum})
                for name, sample in (("generated", score.generated), ("true", validation.real)):
                    logbook.histogram(step, f"energy/{name}", sample[:, 0])
                    logbook.histogram(step, f"radius/{name}", sample[:, 1])
                if best.update(step, score.auc):
                    best_weights = {
                        name: value.clone()
                        for name, value in training.ema.model.state_dict().items()
                    }
            if step % config.checkpoint_every == 0:
                state = {"step": step, "training": training.state_dict()}
                state |= {"logbook": logbook.state_dict(), "best": best.state_dict()}
                checkpoints.save(step, state | {"best_weights": best_weights})
            progress.advance(note=f"best validation AUC {best.best_score:.4f}")

    if process.is_main:
        logbook.close()
        model = {"generator": training.generator_arguments}
        model["normalization"] = hash_of(normalization.model_dump(mode="json"))
        write_config(args.output_dir, STAGE, config.model_dump(mode="json"), model)
        write_json(
            args.output_dir / "metrics.json",
            {
                "steps": config.steps,
                "best_step": best.best_step,
                "validation_auc": best.best_score,
                "validation_w1": logbook.at(best.best_step)["validation/w1"],
                "validation_events": len(validation),
            },
        )
        save_weights(args.output_dir, best_weights)
        checkpoints.clear()


if __name__ == "__main__":
    main()
