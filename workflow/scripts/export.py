"""Write an event table in a layout of MuoniTron's users: Parquet or the older HDF5."""

import argparse
from pathlib import Path

from fastsim.bundles.events import iter_events
from fastsim.bundles.export import WRITERS
from fastsim.errors import exit_on_input_error


@exit_on_input_error
def main() -> None:
    """Export block by block; values and units stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, required=True, help="event table to export")
    parser.add_argument("--layout", choices=WRITERS, required=True, help="layout to write")
    parser.add_argument("--output", type=Path, required=True, help="Parquet or HDF5 file to write")
    args = parser.parse_args()
    WRITERS[args.layout](args.output, iter_events(args.events))


if __name__ == "__main__":
    main()
