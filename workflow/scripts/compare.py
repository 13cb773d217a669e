"""Put trainings of several families of networks side by side, as JSON, table and figure.

python workflow/scripts/compare.py --runs compare/deepsets/ compare/epic/ \\
    --validation dataset/validation/*.parquet --output-dir compare/
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import torch

from fastsim.bundles.family_comparison import as_markdown, compare
from fastsim.bundles.figures.compare import draw
from fastsim.bundles.figures.style import house_style
from fastsim.bundles.representation import POINTS_COLUMN
from fastsim.data.shards import read_shards
from fastsim.errors import exit_on_input_error
from fastsim.files import atomic_path, write_json

DPI = 150


@exit_on_input_error
def main() -> None:
    """Read the runs, measure how fast their generators sample, write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="their run folders")
    parser.add_argument(
        "--validation", type=Path, nargs="+", required=True, help="normalised shards"
    )
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the results")
    args = parser.parse_args()

    results = compare(args.runs, read_shards(args.validation, points_column=POINTS_COLUMN))
    with house_style(), atomic_path(args.output_dir / "compare.png") as path:
        draw(results).savefig(path, dpi=DPI)
    table = as_markdown(results)
    with atomic_path(args.output_dir / "compare.md") as path:
        path.write_text(table)
    write_json(
        args.output_dir / "compare.json",
        {
            "families": [asdict(result) for result in results],
            "sampling_threads": torch.get_num_threads(),
        },
    )
    print(table)


if __name__ == "__main__":
    main()
