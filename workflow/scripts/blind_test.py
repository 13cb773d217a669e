"""Put what the models reach on showers that nobody has looked at on one page, with a figure.

python workflow/scripts/blind_test.py --events blind_test/events/*.parquet \\
    --metrics blind_test/gan/metrics.json blind_test/flow/metrics.json \\
    --differences blind_test/hadronic.json --runs multiplicity gan flow \\
    --showers '{"seed": 20, ...}' --simulation '{"seed": 1, ...}' \\
    --page blind_test/results.md --figure blind_test/results.png
"""

import argparse
import json
from pathlib import Path

from fastsim.bundles.blind_results import page
from fastsim.bundles.described import Described
from fastsim.bundles.events import read_events
from fastsim.bundles.figures.blind_test import draw
from fastsim.bundles.figures.style import house_style
from fastsim.bundles.model_runs import TITLES
from fastsim.errors import exit_on_input_error
from fastsim.files import atomic_path, read_json
from fastsim.run_folder import read_config

DPI = 150
STAGES = ("train_multiplicity", "train_gan", "train_flow")


@exit_on_input_error
def main() -> None:
    """Read events, samples and figures of merit, write page and figure."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", nargs="+", required=True, help="shards of the blind test")
    parser.add_argument(
        "--metrics",
        type=Path,
        nargs="+",
        required=True,
        help="of the models, JSON; their samples lie beside, in samples/",
    )
    parser.add_argument("--differences", type=Path, required=True, help="of compare_hadronic, JSON")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="run folders")
    parser.add_argument("--showers", type=json.loads, required=True, help="section blind_test")
    parser.add_argument("--simulation", type=json.loads, required=True, help="section simulate")
    parser.add_argument("--split", type=json.loads, required=True, help="section split")
    parser.add_argument("--page", type=Path, required=True, help="Markdown file to write")
    parser.add_argument("--figure", type=Path, required=True, help="PNG file to write")
    args = parser.parse_args()

    models = [read_json(path) for path in args.metrics]
    runs = [read_config(folder, *STAGES) for folder in args.runs]
    real = Described(read_events(args.events))
    generated = {}
    for path, metrics in zip(args.metrics, models, strict=True):
        shards = [path.parent / "samples" / Path(name).name for name in args.events]
        generated[TITLES[metrics["bundle_model"]]] = Described(read_events(shards))
    with house_style(), atomic_path(args.figure) as path:
        draw(real, generated).savefig(path, dpi=DPI)
    differences = read_json(args.differences)
    text = page(
        models,
        differences,
        args.showers,
        args.simulation,
        args.split,
        runs,
        args.figure.name,
    )
    with atomic_path(args.page) as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
