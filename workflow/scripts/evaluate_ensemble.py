"""Measure how far trainings with other seeds differ, beside how far they are from the truth.

python workflow/scripts/evaluate_ensemble.py --events splits/test/*.parquet \\
    --samples samples/*.parquet --members ensemble/member-*/samples --output ensemble/metrics.json
"""

import argparse
from pathlib import Path

from fastsim.bundles.described import Described
from fastsim.bundles.ensemble_metrics import ensemble_metrics, read_members
from fastsim.bundles.evaluation import check_pair
from fastsim.bundles.events import read_events
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json


@exit_on_input_error
def main() -> None:
    """Read the samples of all members, compare, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="test shards")
    parser.add_argument(
        "--samples", type=Path, nargs="+", required=True, help="of the first member, in that order"
    )
    parser.add_argument(
        "--members", type=Path, nargs="+", required=True, help="folders with the others' samples"
    )
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    args = parser.parse_args()

    real = read_events(args.events)
    members = [read_events(args.samples), *read_members(args.members, args.samples)]
    for generated in members:
        check_pair(real, generated)
    write_json(args.output, ensemble_metrics(Described(real), [Described(m) for m in members]))


if __name__ == "__main__":
    main()
