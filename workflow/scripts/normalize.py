"""Split a shard of the event table into training, validation and test showers; normalise them."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.events import Events, event_writer, iter_events
from fastsim.bundles.representation import CONDITIONS, POINTS_COLUMN, Normalization
from fastsim.bundles.splits import SPLITS, split_masks
from fastsim.data.shards import Shard, shard_writer
from fastsim.errors import exit_on_input_error
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Read the shard once, and write each split in physical units and in network inputs."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, required=True, help="event table to split")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    for name in SPLITS:
        parser.add_argument(
            f"--{name}",
            type=Path,
            nargs=2,
            required=True,
            metavar=("EVENTS", "SHARD"),
            help="event table and normalised shard to write",
        )
    add_flags(parser, SplitConfig)
    args = parser.parse_args()
    config = from_flags(SplitConfig, args)
    normalization = Normalization.load(args.normalization)

    rows = dict.fromkeys(SPLITS, 0)
    with ExitStack() as stack:
        append = {
            name: stack.enter_context(split_writer(*getattr(args, name), normalization, config))
            for name in SPLITS
        }
        for block in iter_events(args.events):
            for name, mask in split_masks(block, config).items():
                append[name](block.select(mask))
                rows[name] += int(mask.sum())
    counted = ", ".join(f"{count} {name}" for name, count in rows.items())
    print(f"normalize {args.events.stem}: {counted} rows")


@contextmanager
def split_writer(
    table: Path, shard: Path, normalization: Normalization, config: SplitConfig
) -> Iterator[Callable[[Events], None]]:
    """Yield a function that appends events to a split's table and, normalised, to its shard."""
    metadata = {"representation": normalization.muons.representation}
    widths = (len(CONDITIONS), 3)
    with (
        event_writer(table, "normalize", config.seed) as append_events,
        shard_writer(shard, metadata, widths=widths, points_column=POINTS_COLUMN) as append_shard,
    ):

        def append(events: Events) -> None:
            append_events(events)
            append_shard(
                Shard(
                    normalization.conditions(events.primaries),
                    events.counts.astype(np.int32),
                    normalization.normalize(events.primaries, events.counts, events.muons),
                )
            )

        yield append


if __name__ == "__main__":
    main()
