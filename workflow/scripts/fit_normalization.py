"""Fit the map between physical units and network inputs on the training showers."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from fastsim.bundles.config.fit_normalization import FitNormalizationConfig
from fastsim.bundles.events import Events, iter_events
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.errors import exit_on_input_error
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Pass over the shards several times, a row group in memory at a time."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--events", type=Path, nargs="+", required=True, help="event tables of the training showers"
    )
    parser.add_argument("--output", type=Path, required=True, help="normalization.json to write")
    add_flags(parser, FitNormalizationConfig)
    args = parser.parse_args()
    config = from_flags(FitNormalizationConfig, args)

    def read() -> Iterator[Events]:
        for path in args.events:
            yield from iter_events(path)

    fit_normalization(read, config.representation).save(args.output)


if __name__ == "__main__":
    main()
