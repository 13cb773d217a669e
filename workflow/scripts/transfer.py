"""Measure the built-in simulation and trained models against showers of another program.

python workflow/scripts/transfer.py --events transfer/events.parquet \\
    --selection transfer/selection.json --simulated transfer/simulated/2834.parquet \\
    --models transfer/models/gan.parquet --differences transfer/differences.json \\
    --page transfer/results.md
"""

import argparse
from pathlib import Path

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.described import Described
from fastsim.bundles.error_budget import differences
from fastsim.bundles.evaluation import check_pair
from fastsim.bundles.events import read_events
from fastsim.bundles.model_runs import TITLES
from fastsim.bundles.transfer import muons_above, page
from fastsim.errors import exit_on_input_error
from fastsim.files import atomic_path, read_json, write_json
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Read all samples of the same primaries, compare each with the showers, write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", type=Path, required=True, help="the showers, event table")
    parser.add_argument("--selection", type=Path, required=True, help="of which they are, JSON")
    parser.add_argument(
        "--simulated", type=Path, nargs="+", required=True, help="ALTITUDE.parquet, simulated again"
    )
    parser.add_argument(
        "--models", type=Path, nargs="+", required=True, help="MODEL.parquet, generated"
    )
    parser.add_argument(
        "--muon-energy-min", type=float, default=0.0, help="GeV; muons below do not count"
    )
    parser.add_argument("--differences", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--page", type=Path, required=True, help="Markdown file to write")
    add_flags(parser, EvaluateConfig)
    args = parser.parse_args()
    config = from_flags(EvaluateConfig, args)

    selection = read_json(args.selection)
    real = muons_above(read_events(args.events), args.muon_energy_min)
    described = Described(real)
    named = {f"Simulation, surface at {path.stem} m": path for path in args.simulated}
    named |= {TITLES[path.stem]: path for path in args.models}
    found = []
    for name, path in named.items():
        other = muons_above(read_events(path), args.muon_energy_min)
        check_pair(real, other)
        figures = differences(described, Described(other), config.classifier_repeats, config.seed)
        found.append({"name": name} | figures)
    sizes = {
        "showers": selection["showers"],
        "inside": selection["inside"],
        "events_with_muons": int((real.counts > 0).sum()),
        "muons": int(real.counts.sum()),
    }
    write_json(
        args.differences,
        sizes | {"muon_energy_min": args.muon_energy_min, "differences": found},
    )
    with atomic_path(args.page) as path:
        text = page(sizes, args.muon_energy_min, selection["range"], found)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
