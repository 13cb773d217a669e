"""Write shards of the event table in network inputs."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fastsim.bundles.events import iter_events
from fastsim.bundles.representation import CONDITIONS, POINTS_COLUMN, Normalization
from fastsim.data.shards import Shard, write_shard
from fastsim.errors import InputError, exit_on_input_error


@exit_on_input_error
def main() -> None:
    """Normalise one table after the other."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="event tables")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument(
        "--output", type=Path, nargs="+", required=True, help="shards to write, one for each table"
    )
    args = parser.parse_args()
    if len(args.events) != len(args.output):
        raise InputError(
            f"--output: {len(args.output)} shards for {len(args.events)} event tables; "
            "as many as tables are allowed"
        )
    normalization = Normalization.load(args.normalization)
    for events, output in zip(args.events, args.output, strict=True):
        normalize(events, normalization, output)


def normalize(events: Path, normalization: Normalization, output: Path) -> None:
    """Write the shard of an event table, row group by row group."""

    def blocks() -> Iterator[Shard]:
        for block in iter_events(events):
            yield Shard(
                normalization.conditions(block.primaries),
                block.counts.astype(np.int32),
                normalization.normalize(block.primaries, block.counts, block.muons),
            )

    write_shard(
        output,
        blocks(),
        {"representation": normalization.muons.representation},
        widths=(len(CONDITIONS), 3),
        points_column=POINTS_COLUMN,
    )


if __name__ == "__main__":
    main()
