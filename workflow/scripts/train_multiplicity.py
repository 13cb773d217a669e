"""Train the distribution of the number of muons given the primary."""

import argparse
from pathlib import Path

import torch

from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.models.multiplicity import STAGE
from fastsim.bundles.multiplicity_training import train_multiplicity, validation_metrics
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.shards import read_shards
from fastsim.engine.logbook import Logbook
from fastsim.engine.run_folder import save_weights, write_config
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Train, keep the epoch of the best validation likelihood, and write its run folder."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="normalised shards")
    parser.add_argument("--validation", type=Path, nargs="+", required=True, help="likewise")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument("--output-dir", type=Path, required=True, help="run folder to write")
    add_flags(parser, TrainMultiplicityConfig)
    args = parser.parse_args()
    config = from_flags(TrainMultiplicityConfig, args)
    normalization = Normalization.load(args.normalization)
    train = read_shards(args.train, points_column=POINTS_COLUMN)
    validation = read_shards(args.validation, points_column=POINTS_COLUMN)
    # sums in one order, so that the model depends on the seed alone and not on the cores; the
    # network is too small to gain from more
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    args.output_dir.mkdir(parents=True, exist_ok=True)
    logbook = Logbook(args.output_dir)
    model = train_multiplicity(config, normalization, train, validation, logbook)
    metrics = validation_metrics(model, validation, config.seed)
    logbook.close()
    write_config(args.output_dir, STAGE, config.model_dump(mode="json"), model.architecture)
    write_json(args.output_dir / "metrics.json", metrics)
    save_weights(args.output_dir, model.state_dict())


if __name__ == "__main__":
    main()
