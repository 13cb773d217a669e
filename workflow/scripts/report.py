"""Put the headline table and all figures on one page that opens anywhere, without a network.

python workflow/scripts/report.py --metrics validation/metrics.json \\
    --summary dataset/summary.json --figures validation/figures \\
    --multiplicity multiplicity/ --model gan/ --output report.html
"""

import argparse
import base64
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fastsim.bundles.baseline_table import contests, verdicts
from fastsim.bundles.cost_table import cost_rows
from fastsim.bundles.described import OBSERVABLES
from fastsim.bundles.figure_texts import FIGURE_TEXTS, INGEST_TEXTS, MODEL_TEXTS, FigureText
from fastsim.bundles.headline import headline
from fastsim.bundles.ingest.quality import REASONS
from fastsim.bundles.interpolation_table import interpolation_rows, part_titles
from fastsim.bundles.lookup_baselines import LOOKUPS
from fastsim.bundles.model_runs import TITLES, read_model_run
from fastsim.bundles.power import power_sentence
from fastsim.bundles.quality_report import MOST_LISTED, rejected_rows, worst_files
from fastsim.bundles.weighting import FLUX_TITLES
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import atomic_path, read_json
from fastsim.run_folder import read_config

TEMPLATES = Path(__file__).parents[1] / "report"
FORMATS = {
    "muonitron": "MuoniTron Parquet",
    "hdf5": "HDF5",
    "events": "event table",
    "corsika": "CORSIKA 7",
}


@exit_on_input_error
def main() -> None:
    """Fill the template."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--metrics", type=Path, required=True, help="of the evaluation, JSON")
    parser.add_argument(
        "--compared", type=Path, nargs="*", default=[], help="of other models, to put beside it"
    )
    parser.add_argument(
        "--ensemble", type=Path, help="of its evaluation, JSON; only if there is one"
    )
    parser.add_argument("--summary", type=Path, required=True, help="of the dataset, JSON")
    parser.add_argument(
        "--quality", type=Path, help="of the user's files, JSON; only if there are some"
    )
    parser.add_argument("--figures", type=Path, required=True, help="folder of the PNG files")
    parser.add_argument("--multiplicity", type=Path, required=True, help="run folder")
    parser.add_argument("--model", type=Path, required=True, help="run folder of the GAN or flow")
    parser.add_argument("--output", type=Path, required=True, help="HTML file to write")
    args = parser.parse_args()

    metrics = read_json(args.metrics)
    model, model_config = read_model_run(args.model)
    models = [metrics, *map(read_json, args.compared)]
    against_lookups = contests(metrics)
    figures = _figures(args.figures, FIGURE_TEXTS | MODEL_TEXTS[model])
    interpolation = None
    if "interpolation" in metrics:
        interpolation = {
            "parts": part_titles(metrics["interpolation"]),
            "rows": interpolation_rows(models),
        }
    sections = [
        (title, list(group)) for title, group in groupby(figures, lambda f: f["text"].section)
    ]
    ingest = None
    if args.quality is not None:
        ingest = _ingest(read_json(args.quality)) | {
            "figures": _figures(args.figures, INGEST_TEXTS)
        }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        metrics=metrics,
        summary=read_json(args.summary),
        models=[TITLES[each["bundle_model"]] for each in models],
        rows=headline(models),
        costs=cost_rows(models),
        ensemble=None if args.ensemble is None else read_json(args.ensemble),
        interpolation=interpolation,
        power=power_sentence(metrics["power"]),
        lookups=list(LOOKUPS.values()),
        contests=against_lookups,
        verdicts=verdicts(against_lookups),
        sections=sections,
        ingest=ingest,
        fluxes=FLUX_TITLES,
        observables=[observable.name for observable in OBSERVABLES],
        runs={
            "Multiplicity model": read_config(args.multiplicity, "train_multiplicity"),
            TITLES[model]: model_config,
        },
    )
    with atomic_path(args.output) as path:
        path.write_text(page, encoding="utf-8")


def _figures(folder: Path, texts: dict[str, FigureText]) -> list[dict[str, Any]]:
    return [
        {"name": name, "text": text, "uri": _data_uri(folder / f"{name}.png")}
        for name, text in texts.items()
    ]


def _ingest(quality: dict[str, Any]) -> dict[str, Any]:
    """Return what the page says of the user's files."""
    files = quality["files"]
    formats = Counter(FORMATS[file["format"]] for file in files.values())
    return {
        "quality": quality,
        "rejected_rows": rejected_rows(quality),
        "formats": formats.most_common(),
        "meanings": REASONS,
        "most_listed": MOST_LISTED,
        "listed": [
            files[name]
            | {
                "name": name,
                "format": FORMATS[files[name]["format"]],
                "rejected_rows": rejected_rows(files[name]),
            }
            for name in worst_files(quality, MOST_LISTED)
        ],
    }


def _data_uri(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); run plot again") from None
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


if __name__ == "__main__":
    main()
