"""Fit the map between physical units and network inputs on the training showers."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from fastsim.bundles.config.fit_normalization import FitNormalizationConfig
from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.events import Events
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.bundles.splits import iter_split
from fastsim.errors import exit_on_input_error
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Pass over the shards several times, a block in memory at a time."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="event tables")
    parser.add_argument("--output", type=Path, required=True, help="normalization.json to write")
    for section in (FitNormalizationConfig, SplitConfig):
        add_flags(parser, section)
    args = parser.parse_args()
    config, split = from_flags(FitNormalizationConfig, args), from_flags(SplitConfig, args)

    def read() -> Iterator[Events]:
        return iter_split(args.events, "train", split)

    fit_normalization(read, config.representation).save(args.output)


if __name__ == "__main__":
    main()
