"""Count what the splits hold: rows, showers, muons, ranges, zero fractions, quantiles of N."""

import argparse
from itertools import chain
from pathlib import Path

from fastsim.bundles.events import iter_events
from fastsim.bundles.summary import summarize
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json


@exit_on_input_error
def main() -> None:
    """Summarise each split, a row group in memory at a time."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name in ("train", "validation", "test"):
        parser.add_argument(
            f"--{name}", type=Path, nargs="+", required=True, help=f"event tables of {name}"
        )
    parser.add_argument("--output", type=Path, required=True, help="summary.json to write")
    args = parser.parse_args()
    summary = {
        name: summarize(chain.from_iterable(map(iter_events, getattr(args, name))))
        for name in ("train", "validation", "test")
    }
    write_json(args.output, summary)


if __name__ == "__main__":
    main()
