"""Measure other hadronic models and the trained ones by the same figures, on the same primaries.

python workflow/scripts/compare_hadronic.py --events blind_test/events/part-0000.parquet \\
    --others blind_test/hadronic/sibyll23e blind_test/gan/samples --output hadronic.json
"""

import argparse
from pathlib import Path

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.described import Described
from fastsim.bundles.error_budget import differences
from fastsim.bundles.evaluation import check_pair
from fastsim.bundles.events import read_events
from fastsim.errors import exit_on_input_error
from fastsim.files import write_json
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Read the events, compare them with every other sample, write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="simulated shards")
    parser.add_argument(
        "--others",
        type=Path,
        nargs="+",
        required=True,
        help="folders with shards of the same names and primaries",
    )
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    add_flags(parser, EvaluateConfig)
    args = parser.parse_args()
    config = from_flags(EvaluateConfig, args)

    real = read_events(args.events)
    described = Described(real)
    found = []
    for folder in args.others:
        other = read_events([folder / path.name for path in args.events])
        check_pair(real, other)
        figures = differences(described, Described(other), config.classifier_repeats, config.seed)
        found.append({"folder": str(folder), "showers": len(real)} | figures)
    write_json(args.output, found)


if __name__ == "__main__":
    main()
