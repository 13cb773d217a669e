"""Choose the showers that trained models can be asked about: inside their range, one depth each.

python workflow/scripts/select_transfer.py --events transfer/ingested/part-*.parquet \\
    --simulation '{"energy_min": 1e4, ...}' --seed 5 \\
    --output transfer/events.parquet --selection transfer/selection.json
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np

from fastsim.airshower.primaries import NUCLEI
from fastsim.bundles.config.simulate import SimulateConfig
from fastsim.bundles.events import read_events, write_events
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.bundles.transfer import independent_inside
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import write_json
from fastsim.settings import parse


@exit_on_input_error
def main() -> None:
    """Read the showers, write those that count, and how many they are of how many."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="event tables")
    parser.add_argument(
        "--simulation", type=json.loads, required=True, help="section simulate of the training"
    )
    parser.add_argument("--seed", type=int, required=True, help="of the depth of each shower")
    parser.add_argument("--output", type=Path, required=True, help="event table to write")
    parser.add_argument("--selection", type=Path, required=True, help="JSON file to write")
    args = parser.parse_args()

    trained = trained_range(parse(SimulateConfig, args.simulation, "--simulation"))
    events = read_events(args.events)
    chosen = independent_inside(events, trained, args.seed)
    if not len(chosen):
        raise InputError(
            f"{args.events[0].parent}: none of {len(events)} rows is inside what the models were "
            f"trained on: {trained}"
        )
    write_events(args.output, chosen, "select_transfer", args.seed)
    showers = {"showers": len(np.unique(events.shower_id)), "inside": len(chosen)}
    write_json(args.selection, showers | {"range": str(trained)})


def trained_range(simulation: SimulateConfig) -> PrimaryRange:
    """Return what the primaries of a simulation can be; masses in between count as inside."""
    masses = [
        NUCLEI[name].mass for name, share in simulation.composition.model_dump().items() if share
    ]
    depths = simulation.slant_depths
    return PrimaryRange(
        (simulation.energy_min, min(masses), math.radians(simulation.zenith_min), depths[0]),
        (simulation.energy_max, max(masses), math.radians(simulation.zenith_max), depths[-1]),
    )


if __name__ == "__main__":
    main()
