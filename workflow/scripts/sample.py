"""Generate a bundle for every row of an event shard: its primary and depth, new muons."""

import argparse
import time
from pathlib import Path

from fastsim.bundles.batched_generation import count_uniforms
from fastsim.bundles.config.sample import GenerationConfig
from fastsim.bundles.events import Events, event_writer, iter_events
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import Normalization
from fastsim.bundles.sampling import load_sampler
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import write_json
from fastsim.fingerprints import hash_of
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Draw the number of muons, then the muons, block by block; ids and primaries stay."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, required=True, help="event table of the primaries")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument("--multiplicity", type=Path, required=True, help="its run folder")
    parser.add_argument("--model", type=Path, required=True, help="run folder of the GAN or flow")
    parser.add_argument("--output", type=Path, required=True, help="event table to write")
    parser.add_argument("--timing", type=Path, required=True, help="JSON file to write")
    add_flags(parser, GenerationConfig)
    args = parser.parse_args()
    config = from_flags(GenerationConfig, args)

    normalization = Normalization.load(args.normalization)
    multiplicity = load_multiplicity(args.multiplicity)
    generate, model = load_sampler(args.model)
    if model.get("normalization") != hash_of(normalization.model_dump(mode="json")):
        raise InputError(
            f"{args.model}: trained with another normalisation than {args.normalization}; "
            "both must come from one run"
        )

    blocks = list(iter_events(args.events))
    total = sum(len(block) for block in blocks)
    timing = {"muons": 0, "seconds": 0.0}
    with (
        event_writer(args.output, "sample", config.seed) as append,
        Progress(total, f"sample {args.output.stem}", "events") as progress,
    ):
        for real in blocks:
            began = time.perf_counter()
            conditions = normalization.conditions(real.primaries)
            counts = multiplicity.quantile(conditions, count_uniforms(real.event_id, config.seed))
            points = generate(conditions, counts, real.event_id, config.seed, config.batch_events)
            muons = normalization.denormalize(real.primaries, counts, points)
            timing["seconds"] += time.perf_counter() - began
            timing["muons"] += len(muons)
            ids = real.event_id, real.shower_id
            append(Events(*ids, real.primaries, offsets_of(counts), *muons.T))
            progress.advance(len(real))
    write_json(args.timing, timing)


if __name__ == "__main__":
    main()
