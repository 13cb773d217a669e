"""Families of networks side by side: quality, size and speed."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsim.bundles.family_comparison import Result
from fastsim.bundles.figures import style

# of the longest bar: room for the number at its end
ROOM = 0.38


def draw(results: Sequence[Result]) -> Figure:
    """One panel a column of the table, one bar a family; the upper row is quality and size."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 1.6 + 0.34 * len(results)))
    (auc, w1, size), (steps, events, muons) = figure.subplots(2, 3, sharey=True)
    errors = np.array([result.validation_auc_error for result in results])
    _bars(auc, results, [r.validation_auc for r in results], "{:.3f}", start=0.5, errors=errors)
    auc.set_title("validation AUC (0.5 is best)")
    _bars(w1, results, [r.validation_w1 for r in results], "{:.2f}")
    w1.set_title("validation W1 (0 is best)")
    _bars(size, results, [r.generator_parameters for r in results], "{:,}")
    size.set_title("generator's parameters")
    _bars(steps, results, [r.training_steps_per_second for r in results], "{:,.1f}")
    steps.set_title("training steps / s")
    _bars(events, results, [r.training_events_per_second for r in results], "{:,.0f}")
    events.set_title("training events / s")
    _bars(muons, results, [r.sampled_muons_per_second for r in results], "{:,.0f}")
    muons.set_title("sampled muons / s")
    # of all panels, since they share it: the first family on top
    auc.invert_yaxis()
    return figure


def _bars(
    ax: Axes,
    results: Sequence[Result],
    values: Sequence[float],
    form: str,
    *,
    start: float = 0.0,
    errors: np.ndarray | None = None,
) -> None:
    values, errors = np.asarray(values), np.zeros(len(values)) if errors is None else errors
    ax.barh(
        [result.family for result in results],
        values - start,
        left=start,
        height=0.6,
        color=[style.SERIES[row % len(style.SERIES)] for row in range(len(values))],
        xerr=errors if errors.any() else None,
        error_kw={"lw": 0.9, "ecolor": style.REAL},
    )
    ends = np.maximum(values + errors, start)
    for row, (value, end) in enumerate(zip(values, ends, strict=True)):
        ax.annotate(
            form.format(value),
            (end, row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    left, right = min(start, *(values - errors)), ends.max()
    ax.set_xlim(left, right + ROOM * (right - left))
    ax.axvline(start, color=style.REAL, lw=0.8)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=3)
