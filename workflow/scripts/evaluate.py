"""Measure how far generated bundles are from simulated ones.

python workflow/scripts/evaluate.py --events splits/test/*.parquet --samples samples/*.parquet \\
    --timings samples/*.json --training splits/train/*.parquet --multiplicity multiplicity/ \\
    --model gan/ --normalization dataset/normalization.json --output metrics.json

Without ``--multiplicity`` there are neither figures of that model nor lookups in the result: they
are the same whichever model makes the muons.
"""

import argparse
import sys
from pathlib import Path

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.config.split import HeldOutConfig
from fastsim.bundles.evaluation import check_pair, evaluate
from fastsim.bundles.events import read_events
from fastsim.bundles.fold_metrics import fold_metrics
from fastsim.bundles.interpolation_metrics import interpolation_metrics
from fastsim.bundles.lookup_baselines import Lookups, read_training_events
from fastsim.bundles.model_costs import model_costs
from fastsim.bundles.model_runs import read_model_run
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import Normalization
from fastsim.bundles.sampling import BundleSampler
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json
from fastsim.settings import add_flags, from_flags
from fastsim.stats.negative_binomial import NegativeBinomialMixture


@exit_on_input_error
def main() -> None:
    """Read the two samples, compare, write ``metrics.json``."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", nargs="+", required=True, help="test shards")
    parser.add_argument("--samples", nargs="+", required=True, help="generated, in that order")
    parser.add_argument(
        "--timings", type=Path, nargs="+", required=True, help="of the generation, JSON files"
    )
    parser.add_argument("--training", nargs="+", required=True, help="training shards")
    parser.add_argument(
        "--multiplicity",
        help="folder of the trained model; without, what is the same for all models is left out",
    )
    parser.add_argument("--model", type=Path, required=True, help="folder of the GAN or flow")
    parser.add_argument("--normalization", required=True, help="of the dataset")
    parser.add_argument(
        "--spectral-index", type=float, default=1.0, help="gamma of the simulated spectrum"
    )
    parser.add_argument("--output", required=True, help="JSON file to write")
    for section in (EvaluateConfig, HeldOutConfig):
        add_flags(parser, section)
    args = parser.parse_args()
    config, held_out = from_flags(EvaluateConfig, args), from_flags(HeldOutConfig, args)

    real, generated = read_events(args.events), read_events(args.samples)
    check_pair(real, generated)
    normalization = Normalization.load(args.normalization)
    model, _ = read_model_run(args.model)
    metrics = {"bundle_model": model, "costs": model_costs(args.model, args.timings)}
    bundles = BundleSampler.load(args.model, normalization)
    training = read_training_events(args.training, config.lookup_events, config.seed)
    distribution = lookups = None
    if args.multiplicity is not None:
        members = load_multiplicity(args.multiplicity).member_distributions(
            normalization.conditions(real.primaries)
        )
        distribution = NegativeBinomialMixture.average(members)
        lookups = Lookups(training, normalization, config.seed).all(real)
    metrics |= evaluate(
        real,
        generated,
        lambda events: bundles(events, events.counts, config.seed),
        distribution,
        lookups,
        training,
        args.spectral_index,
        config,
    )
    if distribution is not None and len(members) > 1:
        metrics["multiplicity"]["folds"] = fold_metrics(members, real)
    if held_out != HeldOutConfig():
        metrics["interpolation"] = interpolation_metrics(
            real, generated, distribution, held_out, config
        )
    write_json(args.output, metrics)
    for name, seconds in metrics["timings"].items():
        print(f"evaluate: {name} {seconds:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
