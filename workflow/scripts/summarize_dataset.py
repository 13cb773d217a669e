"""Count what the splits hold: rows, showers, muons, ranges, zero fractions, quantiles of N.

Files of fingerprints tell Snakemake when the events that models are judged on have changed.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.event_hash import EventHash
from fastsim.bundles.events import Events
from fastsim.bundles.splits import SPLITS, iter_split
from fastsim.bundles.summary import summarize
from fastsim.errors import exit_on_input_error
from fastsim.files import atomic_path, write_json
from fastsim.settings import add_flags, from_flags

JUDGED_ON = ("validation", "test")


@exit_on_input_error
def main() -> None:
    """Summarise one split after the other, whose rows alone are in memory."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="event tables")
    parser.add_argument("--output", type=Path, required=True, help="summary.json to write")
    for name in JUDGED_ON:
        parser.add_argument(f"--{name}-hash", type=Path, required=True, help="text file to write")
    add_flags(parser, SplitConfig)
    args = parser.parse_args()
    config = from_flags(SplitConfig, args)
    hashes = {name: EventHash() for name in SPLITS}
    summary = {
        name: summarize(hashed(iter_split(args.events, name, config), hashes[name]))
        for name in SPLITS
    }
    write_json(args.output, summary)
    for name in JUDGED_ON:
        with atomic_path(getattr(args, f"{name}_hash")) as temporary:
            temporary.write_text(f"{hashes[name].hexdigest()}\n")


def hashed(blocks: Iterable[Events], into: EventHash) -> Iterator[Events]:
    """Yield the blocks, each taken into the fingerprint."""
    for events in blocks:
        into.add(events)
        yield events


if __name__ == "__main__":
    main()
