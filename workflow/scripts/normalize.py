"""Write a shard of the event table in network inputs."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fastsim.bundles.events import iter_events
from fastsim.bundles.representation import CONDITIONS, POINTS_COLUMN, Normalization
from fastsim.data.shards import Shard, write_shard
from fastsim.errors import exit_on_input_error


@exit_on_input_error
def main() -> None:
    """Normalise row group by row group."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, required=True, help="event table to normalise")
    parser.add_argument("--normalization", type=Path, required=True, help="normalization.json")
    parser.add_argument("--output", type=Path, required=True, help="normalised shard to write")
    args = parser.parse_args()
    normalization = Normalization.load(args.normalization)

    def blocks() -> Iterator[Shard]:
        for events in iter_events(args.events):
            yield Shard(
                normalization.conditions(events.primaries),
                events.counts.astype(np.int32),
                normalization.normalize(events.primaries, events.counts, events.muons),
            )

    write_shard(
        args.output,
        blocks(),
        {"representation": normalization.muons.representation},
        widths=(len(CONDITIONS), 3),
        points_column=POINTS_COLUMN,
    )


if __name__ == "__main__":
    main()
