"""Check a table of primaries that bundles are wanted for, and write it as an event table.

python workflow/scripts/read_primaries.py --primaries mine.csv --summary dataset/summary.json \\
    --output generated/primaries.parquet
"""

import argparse
from pathlib import Path

from fastsim.bundles.events import write_events
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.bundles.primary_tables import read_primaries, without_muons
from fastsim.errors import exit_on_input_error
from fastsim.files import read_json


@exit_on_input_error
def main() -> None:
    """Read the table and write its rows, without muons yet."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--primaries",
        type=Path,
        required=True,
        help="CSV or Parquet: primary_energy, primary_mass (GeV), zenith (rad), slant_depth (m)",
    )
    parser.add_argument(
        "--summary", type=Path, required=True, help="summary.json of what the models learned from"
    )
    parser.add_argument("--output", type=Path, required=True, help="event table to write")
    args = parser.parse_args()

    trained = PrimaryRange.of_summary(read_json(args.summary), str(args.summary))
    primaries = read_primaries(args.primaries, trained)
    write_events(args.output, without_muons(primaries), "read_primaries")
    print(f"read_primaries: {len(primaries)} primaries")


if __name__ == "__main__":
    main()
