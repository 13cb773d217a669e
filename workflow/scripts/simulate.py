"""Simulate air showers and the muons that reach the depths; write one shard of the event table."""

import argparse
import math
from pathlib import Path

from fastsim.airshower.cascade import Cascade
from fastsim.airshower.decays import Decayer
from fastsim.airshower.hadronic import HadronicModel
from fastsim.airshower.primaries import PrimarySpectrum
from fastsim.airshower.showers import ShowerSimulation
from fastsim.bundles.config.simulate import ShowerConfig
from fastsim.bundles.events import Events, write_events
from fastsim.errors import InputError, exit_on_input_error
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Simulate showers ``first .. first + count - 1`` of the seed's sequence."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--first-shower", type=int, required=True, help="number of the first")
    parser.add_argument("--shower-count", type=int, required=True, help="showers to simulate")
    parser.add_argument("--output", type=Path, required=True, help="event table to write")
    add_flags(parser, ShowerConfig)
    args = parser.parse_args()
    if args.first_shower < 0:
        raise InputError(f"--first-shower {args.first_shower}: must be 0 or more")
    if args.shower_count < 1:
        raise InputError(f"--shower-count {args.shower_count}: must be 1 or more")
    config = from_flags(ShowerConfig, args)

    simulation = ShowerSimulation(
        PrimarySpectrum(
            config.energy_min,
            config.energy_max,
            config.spectral_index,
            config.composition.model_dump(),
            math.radians(config.zenith_min),
            math.radians(config.zenith_max),
        ),
        config.slant_depths,
        config.surface_altitude,
        config.seed,
        Cascade(HadronicModel(config.hadronic_model), Decayer()),
        config.one_depth_per_shower,
    )
    blocks = []
    label = f"simulate {args.output.stem}"
    with Progress(args.shower_count, label, "showers") as progress:
        for events in simulation.events(args.first_shower, args.shower_count):
            blocks.append(events)
            progress.advance()
    write_events(args.output, Events.concatenate(blocks), "simulate", config.seed)


if __name__ == "__main__":
    main()
