"""Count what the splits hold: rows, showers, muons, ranges, zero fractions, quantiles of N."""

import argparse
from pathlib import Path

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.splits import SPLITS, iter_split
from fastsim.bundles.summary import summarize
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Summarise one split after the other, whose rows alone are in memory."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="event tables")
    parser.add_argument("--output", type=Path, required=True, help="summary.json to write")
    add_flags(parser, SplitConfig)
    args = parser.parse_args()
    config = from_flags(SplitConfig, args)
    summary = {name: summarize(iter_split(args.events, name, config)) for name in SPLITS}
    write_json(args.output, summary)


if __name__ == "__main__":
    main()
