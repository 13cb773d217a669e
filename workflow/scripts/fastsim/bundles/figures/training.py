"""Curves of the two trainings, from their ``history.csv``."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsim.bundles.figures import style
from fastsim.bundles.figures.inputs import FigureData


@dataclass(frozen=True)
class Curves:
    """One panel: columns of the history and their names in the legend."""

    title: str
    columns: dict[str, str]
    log: bool = False


LIKELIHOOD = (
    Curves("training loss", {"train/loss": "training"}),
    Curves("validation NLL", {"validation/nll": "validation"}),
    Curves("learning rate", {"learning_rate": "learning rate"}),
)
GAN = (
    Curves("losses", {"loss/critic": "critic", "loss/generator": "generator"}),
    Curves(
        "Wasserstein gap",
        {"critic/wasserstein_gap": "gap", "critic/wasserstein_gap_mean": "running mean"},
    ),
    Curves("validation AUC", {"validation/auc": "event classifier"}),
    Curves(
        "critic's input gradient",
        {"critic/input_gradient_norm": "norm", "critic/penalty": "penalty"},
    ),
    Curves(
        "gradient norms",
        {"gradient_norm/critic": "critic", "gradient_norm/generator": "generator"},
        log=True,
    ),
    Curves(
        "learning rates", {"learning_rate/critic": "critic", "learning_rate/generator": "generator"}
    ),
)


def draw_multiplicity(data: FigureData) -> Figure:
    """Likelihood and learning rate of the multiplicity model."""
    return _draw(data.history_multiplicity, LIKELIHOOD, "step", 1)


def draw_gan(data: FigureData) -> Figure:
    """Losses, gap, penalty, score, gradients and rates of the WGAN-GP."""
    return _draw(data.history_model, GAN, "generator step", 2)


def draw_flow(data: FigureData) -> Figure:
    """Likelihood and learning rate of the flow."""
    return _draw(data.history_model, LIKELIHOOD, "step", 1)


def _draw(history: pd.DataFrame, panels: tuple[Curves, ...], x_label: str, rows: int) -> Figure:
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.3 * rows))
    grid = figure.subplots(rows, len(panels) // rows).ravel()
    for ax, curves in zip(grid, panels, strict=True):
        _draw_curves(ax, history, curves)
        ax.set_xlabel(x_label)
    return figure


def _draw_curves(ax: Axes, history: pd.DataFrame, curves: Curves) -> None:
    for color, (column, label) in zip(style.SERIES, curves.columns.items(), strict=False):
        # columns logged at other steps leave gaps
        known = history[["step", column]].dropna()
        marker = "o" if len(known) < 60 else None
        ax.plot(known["step"], known[column], color=color, lw=1.0, marker=marker, ms=2, label=label)
    ax.set_title(curves.title)
    if curves.log:
        ax.set_yscale("log")
    if len(curves.columns) > 1:
        ax.legend()
