"""Generate a bundle for every row of event shards: its primary and depth, new muons."""

import argparse
import time
from itertools import chain, pairwise
from pathlib import Path

from fastsim.bundles.batched_generation import count_uniforms
from fastsim.bundles.config.sample import GenerationConfig
from fastsim.bundles.events import event_writer, iter_events
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import Normalization
from fastsim.bundles.sampling import BundleSampler
from fastsim.data.batches import runs
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import write_json
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags

MUONS_AT_A_TIME = 1_000_000
"""Generated, and held in memory, at once: some 250 MB. A table of primaries alone does not tell how
many muons its rows will have."""


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
        "--output",
        type=Path,
        nargs="+",
        required=True,
        help="event tables to write; each takes a contiguous share of --events",
    )
    parser.add_argument("--timing", type=Path, required=True, help="JSON file to write")
    add_flags(parser, GenerationConfig)
    args = parser.parse_args()
    config = from_flags(GenerationConfig, args)
    if len(args.output) > len(args.events):
        raise InputError(
            f"--output names {len(args.output)} files for {len(args.events)} of --events; at most "
            "one for each is needed"
        )

    normalization = Normalization.load(args.normalization)
    multiplicity = load_multiplicity(args.multiplicity)
    bundles = BundleSampler.load(args.model, normalization)

    timing = {"muons": 0, "seconds": 0.0}
    shards = len(args.output)
    bounds = [shard * len(args.events) // shards for shard in range(shards + 1)]
    for (first, end), target in zip(pairwise(bounds), args.output, strict=True):
        sources = args.events[first:end]
        total = sum(len(block) for source in sources for block in iter_events(source))
        with (
            event_writer(target, "sample", config.seed) as append,
            Progress(total, f"sample {target.stem}", "events") as progress,
        ):
            for real in chain.from_iterable(map(iter_events, sources)):
                began = time.perf_counter()
                conditions = normalization.conditions(real.primaries)
                draws = count_uniforms(real.event_id, config.seed)
                counts = multiplicity.quantile(conditions, draws)
                timing["seconds"] += time.perf_counter() - began
                timing["muons"] += int(counts.sum())
                for part in runs(counts, len(counts), MUONS_AT_A_TIME):
                    began = time.perf_counter()
                    primaries = real.select(part)
                    generated = bundles(primaries, counts[part], config.seed, config.batch_events)
                    timing["seconds"] += time.perf_counter() - began
                    append(generated)
                    progress.advance(len(generated))
    write_json(args.timing, timing)


if __name__ == "__main__":
    main()
