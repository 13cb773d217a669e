"""Simulate the primaries of an event table again: ids, primaries and depths stay, muons are new.

python workflow/scripts/resimulate.py --events transfer/events.parquet --output again.parquet

Every row is a shower of its own.
"""

import argparse
from pathlib import Path

from fastsim.airshower.cascade import Cascade
from fastsim.airshower.decays import Decayer
from fastsim.airshower.hadronic import HadronicModel
from fastsim.airshower.resimulation import resimulate
from fastsim.bundles.config.transfer import ResimulateConfig
from fastsim.bundles.events import event_writer, read_events
from fastsim.errors import exit_on_input_error
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Simulate row by row and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", type=Path, required=True, help="event table of the primaries")
    parser.add_argument("--output", type=Path, required=True, help="event table to write")
    add_flags(parser, ResimulateConfig)
    args = parser.parse_args()
    config = from_flags(ResimulateConfig, args)

    events = read_events(args.events)
    cascade = Cascade(HadronicModel(config.hadronic_model), Decayer())
    with (
        event_writer(args.output, "resimulate", config.seed) as append,
        Progress(len(events), f"resimulate {args.output.stem}", "showers") as progress,
    ):
        for row in resimulate(events, config.surface_altitude, config.seed, cascade):
            append(row)
            progress.advance()


if __name__ == "__main__":
    main()
