"""From a figure of merit in ``metrics.json`` to its line of the headline table: texts, limits.

``figures`` are those of every model of bundles, the one that generates first: the floor is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastsim.bundles.baselines import ELBERT_SETS

KS_LIMIT = 0.015
KS_OF_FLOOR = 1.5
PULL_LIMIT = 1.15
PIT_LIMIT = 0.015
SCALE_PULL_LIMIT = 3.0
WORST_PULL_LIMIT = 4.0
COPY_PULL_LIMIT = 3.0

NEIGHBOUR_NAMES = {
    "precision": ("Precision", "share of generated bundles close to simulated ones"),
    "recall": ("Recall", "share of simulated bundles close to generated ones"),
    "density": ("Density", "generated bundles close to a simulated one, relative to what is due"),
    "coverage": ("Coverage", "share of simulated bundles with a generated neighbour"),
    "nearer_to_training": (
        "Share nearer to training than to test",
        "of generated bundles, by their nearest one; more than the floor: copied from training",
    ),
}

Metrics = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One figure: its text, whether the limit is kept (None: there is no limit), what it is of."""

    value: str
    kept: bool | None = None
    detail: str = ""


@dataclass(frozen=True)
class Row:
    """One line: a cell for every model of bundles, or a single one that holds for all of them."""

    name: str
    cells: tuple[Cell, ...]
    floor: str
    limit: str
    meaning: str


def auc_row(figures: list[Metrics], name: str, limit: float | None, meaning: str) -> Row:
    """Return the line of a classifier's AUC; ``limit`` None: there is none."""
    floor = figures[0]["floor"]
    return Row(
        name,
        tuple(_auc_cell(figure["generated"], limit) for figure in figures),
        "" if floor is None else f"{floor['value']:.3f} ± {floor['error']:.3f}",
        "" if limit is None or floor is None else f"below {limit}",
        meaning,
    )


def _auc_cell(figure: Metrics | None, limit: float | None) -> Cell:
    if figure is None:
        return Cell("too few events")
    value = figure["value"]
    return Cell(f"{value:.3f} ± {figure['error']:.3f}", None if limit is None else value < limit)


def ks_row(figures: list[Metrics], name: str) -> Row:
    """Return the line of an observable's KS distance; a large floor raises the limit."""
    floor = figures[0]["floor"]
    limit = max(KS_LIMIT, KS_OF_FLOOR * floor["ks"])
    generated = [figure["generated"] for figure in figures]
    return Row(
        name,
        tuple(Cell(f"{g['ks']:.4f} ± {g['ks_error']:.4f}", g["ks"] < limit) for g in generated),
        f"{floor['ks']:.4f} ± {floor['ks_error']:.4f}",
        f"below {limit:.3f}",
        "largest difference of the cumulative distributions",
    )


def worst_rows(figures: list[Metrics | None]) -> list[Row]:
    """Return the line of the observable furthest above its floor; none of too few events."""
    if None in figures:
        return []
    cells = [
        Cell(
            f"{worst['pull']:+.1f}",
            worst["pull"] < WORST_PULL_LIMIT,
            worst["name"].replace("_", " "),
        )
        for worst in figures
    ]
    return [
        Row(
            "Worst observable",
            tuple(cells),
            "0",
            f"below {WORST_PULL_LIMIT:.0f}",
            "KS above the floor, in standard deviations of the floor; the largest of all",
        )
    ]


def scale_row(figures: list[Metrics | None], name: str) -> Row:
    """Return the line of the scale of a quantity over all muons."""
    return Row(
        f"Scale of the {name} of all muons",
        tuple(_scale_cell(figure) for figure in figures),
        "0",
        f"within {SCALE_PULL_LIMIT:.0f} errors",
        "geometric mean, generated over simulated",
    )


def _scale_cell(figure: Metrics | None) -> Cell:
    if figure is None:
        return Cell("too few muons")
    value = f"{figure['scale']:+.2f} ± {figure['error']:.2f} %"
    return Cell(value, abs(figure["pull"]) < SCALE_PULL_LIMIT)


def multiplicity_rows(metrics: Metrics) -> list[Row]:
    """Return the lines of the multiplicity model; those that need more events are left out."""
    pit, floor = metrics["model"]["pit_ks"], metrics["floor"]["pit_ks"]
    limit = max(PIT_LIMIT, KS_OF_FLOOR * floor)
    rows = [
        Row(
            "PIT KS of the multiplicity",
            (Cell(f"{pit:.4f}", pit < limit),),
            f"{floor:.4f}",
            f"below {limit:.3f}",
            f"are probabilities frequencies? Poisson: {metrics['poisson']['pit_ks']:.3f}",
        )
    ]
    rms = metrics["model"]["mean_bias"]["pull_rms"]
    if rms is not None:
        peers = {
            parameters.label: metrics[name]["mean_bias"]["pull_rms"]
            for name, parameters in ELBERT_SETS.items()
        }
        told = ", ".join(f"{label} {value:.1f}" for label, value in peers.items())
        rows.append(
            Row(
                "RMS of the pulls of ⟨N⟩ per bin",
                (Cell(f"{rms:.2f}", rms < PULL_LIMIT and rms < min(peers.values())),),
                "1.00",
                f"below {PULL_LIMIT}",
                f"bias over statistical error; {told}",
            )
        )
    folds = metrics.get("folds")
    if folds is not None and folds["spread_rms"] is not None:
        rows.append(
            Row(
                f"Spread of ⟨N⟩ per bin, {folds['members']} folds",
                (Cell(f"{folds['spread_rms']:.2f}"),),
                "",
                "",
                "jackknife error from the training showers over statistical error, RMS; bias "
                f"that the latter leaves unexplained: {folds['deviation_rms']:.2f}",
            )
        )
    model, poisson = metrics["model"], metrics["poisson"]
    rows.append(
        Row(
            "Log score of N per event (NLL)",
            (Cell(f"{model['nll']:.3f}"),),
            "",
            "",
            f"lower is better; Poisson of the same mean: {poisson['nll']:.3f}; CRPS "
            f"{model['crps']:.3f} against {poisson['crps']:.3f}",
        )
    )
    return rows


def distance_rows(models: Sequence[Metrics]) -> list[Row]:
    """Return the lines of the distances between sets of bundles; none of too few events."""
    rows = []
    for key, name in (("fpd", "Fréchet physics distance"), ("kpd", "Kernel physics distance")):
        figures = [metrics[key]["generated"] for metrics in models]
        if None in figures:
            continue
        floor = models[0][key]["floor"]
        rows.append(
            Row(
                name,
                tuple(Cell(f"{g['value']:.4f} ± {g['error']:.4f}") for g in figures),
                f"{floor['value']:.4f} ± {floor['error']:.4f}",
                "",
                "of event observables in units of their spread; 0: equal",
            )
        )
    return rows


def neighbour_row(figures: list[Metrics], key: str) -> Row:
    """Return the line of one of :data:`NEIGHBOUR_NAMES`."""
    name, meaning = NEIGHBOUR_NAMES[key]
    floor = figures[0]["floor"]
    generated = [figure["generated"] for figure in figures]
    limit = None
    if key == "nearer_to_training" and generated[0] is not None:
        limit = generated[0]["expected"] + COPY_PULL_LIMIT * generated[0]["error"]
    return Row(
        name,
        tuple(_neighbour_cell(figure, limit) for figure in generated),
        "" if floor is None else f"{floor['value']:.3f} ± {floor['error']:.3f}",
        "" if limit is None else f"below {limit:.3f}",
        meaning,
    )


def _neighbour_cell(figure: Metrics | None, limit: float | None) -> Cell:
    if figure is None:
        return Cell("too few events")
    value = figure["value"]
    return Cell(f"{value:.3f} ± {figure['error']:.3f}", None if limit is None else value < limit)
