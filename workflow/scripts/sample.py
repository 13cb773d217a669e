"""Generate a bundle for every row of event shards: its primary and depth, new muons."""

import argparse
from pathlib import Path

from fastsim.bundles.config.sample import GenerationConfig
from fastsim.bundles.events import event_writer, iter_events
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import Normalization
from fastsim.bundles.sampling import Sampler, load_sampler
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import write_json
from fastsim.fingerprints import hash_of
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Draw the number of muons, then the muons, block by block; ids and primaries stay."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--events", type=Path, nargs="+", required=True, help="event tables of the primaries"
    )
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument("--multiplicity", type=Path, required=True, help="its run folder")
    parser.add_argument("--model", type=Path, required=True, help="run folder of the GAN or flow")
    parser.add_argument(
        "--output", type=Path, nargs="+", required=True, help="event tables to write, in that order"
    )
    parser.add_argument("--timing", type=Path, required=True, help="JSON file to write")
    add_flags(parser, GenerationConfig)
    args = parser.parse_args()
    config = from_flags(GenerationConfig, args)
    if len(args.output) != len(args.events):
        raise InputError(
            f"--output names {len(args.output)} files for {len(args.events)} of --events; one for "
            "each is needed"
        )

    normalization = Normalization.load(args.normalization)
    multiplicity = load_multiplicity(args.multiplicity)
    generate, model = load_sampler(args.model)
    if model.get("normalization") != hash_of(normalization.model_dump(mode="json")):
        raise InputError(
            f"{args.model}: trained with another normalisation than {args.normalization}; "
            "both must come from one run"
        )

    sample = Sampler(normalization, multiplicity, generate, config)
    for source, target in zip(args.events, args.output, strict=True):
        blocks = list(iter_events(source))
        total = sum(len(block) for block in blocks)
        with (
            event_writer(target, "sample", config.seed) as append,
            Progress(total, f"sample {target.stem}", "events") as progress,
        ):
            for real in blocks:
                append(sample(real))
                progress.advance(len(real))
    write_json(args.timing, {"muons": sample.muons, "seconds": sample.seconds})


if __name__ == "__main__":
    main()
