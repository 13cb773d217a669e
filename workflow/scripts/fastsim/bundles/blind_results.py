"""The page about the blind test: goals, all figures of merit, and where they come from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastsim.bundles.baseline_table import contests, verdicts
from fastsim.bundles.config.blind_test import Range
from fastsim.bundles.cost_table import cost_rows
from fastsim.bundles.described import OBSERVABLES
from fastsim.bundles.error_budget import COLUMNS, texts
from fastsim.bundles.goals import reached
from fastsim.bundles.headline import headline
from fastsim.bundles.markdown import table
from fastsim.bundles.model_runs import TITLES
from fastsim.bundles.power import power_sentence
from fastsim.bundles.scale_metrics import QUANTITIES, n_class_title

Metrics = dict[str, Any]
RELEASES = {
    "sibyll21": "Sibyll 2.1",
    "sibyll23d": "Sibyll 2.3d",
    "sibyll23e": "Sibyll 2.3e",
}
LEGEND = (
    "✓ kept, ✗ missed. No mark: it cannot be said, because there are too few events, or because "
    "chance would make a perfect model miss the goal by as much: of twenty such samples that one "
    "stays below the last column in nineteen. The worst class of N is the one farthest off of "
    "those that miss the goal, else of all. Weighted spectra are asked in the bins whose simulated "
    "content is known to 5 %, and the goal is missed where one is beyond it by two of its errors, "
    "or one whose content is known to 20 % by three."
)
MARKS = {True: "✓ ", False: "✗ ", None: ""}


def page(
    models: Sequence[Metrics],
    differences: Sequence[Metrics],
    blind: Mapping[str, Any],
    simulation: Mapping[str, Any],
    split: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]],
    figure: str,
) -> str:
    """Return the page as Markdown.

    Args:
        models: contents of ``metrics.json``, the model that generates first.
        differences: of other hadronic models and of the trained ones, as ``compare_hadronic``
            writes them.
        blind, simulation, split: sections ``blind_test``, ``simulate`` and ``split`` of the config.
        runs: contents of ``config.yaml`` of the multiplicity model and of every model of bundles.
        figure: name of the figure's file beside the page.
    """
    titles = [TITLES[metrics["bundle_model"]] for metrics in models]
    sizes = models[0]["samples"]["truth"]
    trained = [f"`{run['stage']}` seed {run['config']['seed']}" for run in runs]
    parts = [
        "# Results on showers that nobody had looked at",
        "Written by `snakemake blind_test`; do not edit.",
        f"{sizes['showers']:,} simulated showers of seed {blind['seed']}, each at one depth, so "
        f"that all events are independent: {sizes['events_with_muons']:,} bundles with muons, "
        f"{sizes['events_n30']:,} of N ≥ 30, {sizes['events_n300']:,} of N ≥ 300, "
        f"{sizes['muons']:,} muons. The models were trained on the training part of "
        f"{simulation['showers']:,} showers of seed {simulation['seed']} ({', '.join(trained)}): "
        f"{simulation['energy_min']:.3g} to {simulation['energy_max']:.3g} GeV, "
        f"E^-{simulation['spectral_index']:g}, zenith {simulation['zenith_min']:g} to "
        f"{simulation['zenith_max']:g} degrees, {simulation['slant_depths'][0]:g} to "
        f"{simulation['slant_depths'][-1]:g} m of ice.{held_out(split)} Bundles are generated end "
        "to end: first N, then the muons. Nothing was trained or chosen with these showers.",
        f"![Spectra of simulated and generated bundles]({figure})",
        "## Goals",
        goals_table(models, blind["goals"]),
        LEGEND,
        "## Beside other hadronic models",
        f"The first {differences[0]['showers']:,} of these showers once more, from the same "
        "primaries, with other releases of Sibyll, and what the trained models make of them, each "
        f"against {RELEASES[simulation['hadronic_model']]}: what a surrogate adds to what is not "
        "known about interactions.",
        _differences_table(differences),
        "## Figures of merit",
        _headline_table(models, titles),
        power_sentence(models[0]["power"]),
        "## Observables",
        _observables_table(models, titles),
        "## Scales by number of muons",
        _scales_table(models, titles),
        "## Tails",
        _tails_sentence(models[0]["tails"]),
        _tails_table(models, titles),
        "## Beside lookups without a network",
        "\n".join(f"* {sentence}" for sentence in verdicts(contests(models[0]))),
        "## Costs",
        table(["", *titles], [[name, *cells] for name, cells in cost_rows(models)]),
    ]
    return "\n\n".join(parts) + "\n"


def held_out(split: Mapping[str, Any]) -> str:
    """Return which primaries no model was trained on, a sentence after a space; empty if none."""
    parts = []
    if nucleus := split["held_out_nucleus"]:
        parts.append(f"of the nucleus {nucleus}")
    if energies := split["held_out_log10_energy"]:
        parts.append(f"of 10^{energies[0]:g} to 10^{energies[1]:g} GeV")
    return f" Showers {' and '.join(parts)} were held out of it." if parts else ""


def goals_table(models: Sequence[Metrics], of_range: Range) -> str:
    """Return the table of what is asked in a range and what every model reaches."""
    head = ["Asked on independent showers"]
    columns = []
    for metrics in models:
        head += [TITLES[metrics["bundle_model"]], "goal"]
        columns.append(reached(metrics, models[0]["multiplicity"], of_range))
    rows = []
    for cells in zip(*columns, strict=True):
        row = [cells[0].name]
        for cell in cells:
            row += [MARKS[cell.kept] + cell.value, cell.goal]
        # known from the numbers of events, which differ little between the models
        rows.append([*row, cells[0].perfect])
    return table([*head, "a perfect model"], rows)


def _differences_table(differences: Sequence[Metrics]) -> str:
    rows = []
    for figures in differences:
        folder = Path(figures["folder"])
        model = RELEASES.get(folder.name) or TITLES[folder.parent.name]
        rows.append([model, *texts(figures)])
    return table(["", *COLUMNS], rows)


def _headline_table(models: Sequence[Metrics], titles: list[str]) -> str:
    rows = []
    for row in headline(models):
        cells = [
            MARKS[cell.kept] + cell.value + (f" ({cell.detail})" if cell.detail else "")
            for cell in row.cells
        ]
        # one cell holds for all models
        cells += [cells[0]] * (len(titles) - len(cells))
        rows.append([row.name, *cells, row.floor, row.limit])
    return table(["Figure of merit", *titles, "floor", "limit"], rows)


def _observables_table(models: Sequence[Metrics], titles: list[str]) -> str:
    rows = []
    for observable in OBSERVABLES:
        figures = [metrics["observables"][observable.name] for metrics in models]
        sides = [figures[0]["floor"], *(figure["generated"] for figure in figures)]
        rows.append(
            [
                observable.name.replace("_", " "),
                *("" if s is None else f"{s['ks']:.4f} ± {s['ks_error']:.4f}" for s in sides),
            ]
        )
    return table(["KS of", "floor", *titles], rows)


def _tails_sentence(tails: Metrics) -> str:
    number, part = (tails[key]["limit"] for key in ("n_last_per_mille", "leading_last_per_mille"))
    return (
        "Shares of all muons above 100 TeV and beyond 200 m; of events with more than "
        f"{number:.0f} muons, and of the muons that these carry; and of bundles whose leading muon "
        f"has more than {part:.2f} of the energy per nucleon of the primary. The last three limits "
        "are what one in a thousand simulated events or bundles exceeds."
    )


def _tails_table(models: Sequence[Metrics], titles: list[str]) -> str:
    rows = []
    for name, figure in models[0]["tails"].items():
        sides = [figure["truth"], *(metrics["tails"][name]["generated"] for metrics in models)]
        cells = [f"{s['value']:.2e} ± {s['error']:.0e}" if s else "" for s in sides]
        pulls = [metrics["tails"][name]["pull"] for metrics in models]
        cells += ["" if pull is None else f"{pull:+.1f}" for pull in pulls]
        rows.append([name.replace("_", " ").replace("tev", "TeV"), *cells])
    return table(["Share", "simulated", *titles, *(f"pull, {t}" for t in titles)], rows)


def _scales_table(models: Sequence[Metrics], titles: list[str]) -> str:
    classes = models[0]["scales"]["by_n"]["classes"]
    rows = []
    for number, (first, last) in enumerate(classes):
        row = [n_class_title(first, last)]
        for quantity in QUANTITIES:
            for metrics in models:
                figure = metrics["scales"]["by_n"][quantity]
                scale, error = figure["scale"][number], figure["error"][number]
                row.append("" if scale is None else f"{scale:+.2f} ± {error:.2f} %")
        rows.append(row)
    head = [f"{quantity}, {title}" for quantity in QUANTITIES for title in titles]
    return table(["Muons", *head], rows)
