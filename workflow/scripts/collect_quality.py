"""Say of all the user's files what was refused and why; stop if it is too much.

python workflow/scripts/collect_quality.py --events events/part-*.parquet \\
    --shard-quality events/quality/*.json --shard-rejected events/rejected/*.parquet \\
    --shard-outliers events/outliers/*.parquet --quality events/quality.json \\
    --rejected events/rejected.parquet --outliers events/outliers.parquet
"""

import argparse
import sys
from pathlib import Path

from fastsim.bundles.quality_report import check, doubled_rows, merge
from fastsim.data.tables import concatenate
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import read_json, write_json


@exit_on_input_error
def main() -> None:
    """Merge what ``ingest`` counted and refused, shard by shard."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--max-rejected-fraction",
        type=float,
        default=0.001,
        help="share of rejected rows above which it stops",
    )
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="event tables")
    for name, what in (
        ("quality", "counts, JSON"),
        ("rejected", "rejected rows"),
        ("outliers", "events with too many muons"),
    ):
        parser.add_argument(
            f"--shard-{name}", type=Path, nargs="+", required=True, help=f"{what}, of each shard"
        )
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"{what}; file to write")
    args = parser.parse_args()
    if not 0.0 <= args.max_rejected_fraction <= 1.0:
        raise InputError(f"--max-rejected-fraction {args.max_rejected_fraction}: must be 0 to 1")

    quality = merge(map(read_json, args.shard_quality))
    check(quality, args.max_rejected_fraction, args.shard_rejected[0].parent)
    doubles, tables = doubled_rows(args.events)
    if doubles:
        problem = (
            f"{doubles} rows repeat a row in another shard (its event, or shower and depth), for "
            f"instance in {' and '.join(map(str, tables))}"
        )
        if doubles > args.max_rejected_fraction * quality["rows"]:
            raise InputError(f"{problem}; among the files are copies, or some whose ids begin anew")
        quality["warnings"].append(problem)
    for warning in quality["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    concatenate(args.shard_rejected, args.rejected)
    concatenate(args.shard_outliers, args.outliers)
    # last, so that where it is, the others are
    write_json(args.quality, quality)


if __name__ == "__main__":
    main()
