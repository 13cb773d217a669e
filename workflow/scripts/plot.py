"""Draw the figures, each as PNG for the report and as PDF for papers.

python workflow/scripts/plot.py --events splits/test/*.parquet --samples samples/*.parquet \\
    --summary dataset/summary.json --metrics validation/metrics.json \\
    --multiplicity multiplicity/ --normalization dataset/normalization.json --model gan/ \\
    --output-dir validation/figures
"""

import argparse
from functools import partial
from pathlib import Path

import pandas as pd

from fastsim.bundles.config.plot import PlotConfig
from fastsim.bundles.described import Described
from fastsim.bundles.ensemble_metrics import read_members
from fastsim.bundles.evaluation import check_pair
from fastsim.bundles.events import Events, read_events
from fastsim.bundles.figures.inputs import FigureData
from fastsim.bundles.figures.multiplicity import count_edges
from fastsim.bundles.figures.registry import FIGURES, INGEST_FIGURES, MODEL_FIGURES
from fastsim.bundles.figures.style import house_style
from fastsim.bundles.fold_spectra import FoldSpectra
from fastsim.bundles.model_runs import read_model_run
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import Normalization
from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import atomic_path, read_json
from fastsim.progress import Progress
from fastsim.settings import add_flags, from_flags

# no date in the file: the same input gives the same bytes
PDF_METADATA = {"CreationDate": None}


@exit_on_input_error
def main() -> None:
    """Read everything, then draw figure after figure."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--events", type=Path, nargs="+", required=True, help="test shards")
    parser.add_argument(
        "--samples", type=Path, nargs="+", required=True, help="generated, in that order"
    )
    parser.add_argument(
        "--members", type=Path, nargs="*", default=[], help="folders with samples of an ensemble"
    )
    parser.add_argument("--summary", type=Path, required=True, help="of the dataset, JSON")
    parser.add_argument("--metrics", type=Path, required=True, help="of the evaluation, JSON")
    parser.add_argument(
        "--quality", type=Path, help="of the user's files, JSON; only if there are some"
    )
    parser.add_argument("--multiplicity", type=Path, required=True, help="run folder")
    parser.add_argument("--normalization", type=Path, required=True, help="of the dataset")
    parser.add_argument("--model", type=Path, required=True, help="run folder of the GAN or flow")
    parser.add_argument(
        "--spectral-index", type=float, default=1.0, help="gamma of the simulated spectrum"
    )
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the figures")
    add_flags(parser, PlotConfig)
    args = parser.parse_args()
    config = from_flags(PlotConfig, args)

    real, generated = read_events(args.events), read_events(args.samples)
    members = read_members(args.members, args.samples)
    for sample in (generated, *members):
        check_pair(real, sample)
    data = FigureData(
        Described(real),
        Described(generated),
        args.spectral_index,
        read_json(args.summary),
        read_json(args.metrics),
        _read_history(args.multiplicity),
        _read_history(args.model),
        config.event_displays,
        tuple(map(Described, members)),
        _fold_spectra(args.multiplicity, args.normalization, real, generated),
    )
    model, _ = read_model_run(args.model)
    figures = FIGURES | MODEL_FIGURES[model]
    drawings = {name: partial(draw, data) for name, draw in figures.items()}
    if args.quality is not None:
        quality = read_json(args.quality)
        drawings |= {name: partial(draw, quality) for name, draw in INGEST_FIGURES.items()}
    with house_style(), Progress(len(drawings), "plot", "figures") as progress:
        for name, draw in drawings.items():
            figure = draw()
            with atomic_path(args.output_dir / f"{name}.png") as path:
                figure.savefig(path, dpi=config.dpi)
            # the layout of the PNG, which takes most of the time, serves for the PDF
            figure.set_layout_engine("none")
            with atomic_path(args.output_dir / f"{name}.pdf") as path:
                figure.savefig(path, dpi=config.dpi, metadata=PDF_METADATA)
            progress.advance(note=name)


def _fold_spectra(
    multiplicity: Path, normalization: Path, real: Events, generated: Events
) -> FoldSpectra | None:
    """Return the spectra of N by each fold, in the figures' bins; None of a single model."""
    model = load_multiplicity(multiplicity)
    if len(model.members) == 1:
        return None
    conditions = Normalization.load(normalization).conditions(real.primaries)
    highest = max(events.counts.max() for events in (real, generated))
    return FoldSpectra.of(model.member_distributions(conditions), count_edges(highest))


def _read_history(folder: Path) -> pd.DataFrame:
    path = folder / "history.csv"
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from None


if __name__ == "__main__":
    main()
