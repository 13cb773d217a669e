"""Rows of the user's files that were rejected: why, and in which files."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsim.bundles.figures import style
from fastsim.bundles.quality_report import MOST_LISTED, rejected_rows, worst_files

NAME_LENGTH = 34
OTHER = "#8a8a8a"
SMALL = 6.5


def draw(quality: dict[str, Any]) -> Figure:
    """Rejected rows by reason, and by reason in the files with the most of them.

    Args:
        quality: ``quality.json``, as of :func:`fastsim.bundles.quality_report.merge`.
    """
    files = quality["files"]
    names = [name for name in worst_files(quality, MOST_LISTED) if rejected_rows(files[name])]
    if not names:
        figure = Figure(figsize=(style.PAGE_WIDTH, 0.6))
        figure.text(0.5, 0.5, "no row was rejected", ha="center", va="center")
        return figure
    bars = max(len(names), len(quality["rejected"]), 3)
    figure = Figure(figsize=(style.PAGE_WIDTH, 0.8 + 0.22 * bars))
    by_reason, by_file = figure.subplots(1, 2, width_ratios=(1.0, 1.15))
    for ax, title in ((by_reason, "reasons, all files"), (by_file, _title(files, names))):
        ax.set_title(title)
        ax.set_xlabel("rejected rows")
        ax.grid(axis="y", visible=False)
        ax.tick_params(axis="y", length=0)
        # bars of both panels stand at the same heights
        ax.set_ylim(bars - 0.4, -0.6)
    colors = _colors(quality)
    _draw_reasons(by_reason, quality, colors)
    _draw_files(by_file, {name: files[name] for name in names}, colors)
    return figure


def _title(files: dict[str, Any], names: list[str]) -> str:
    affected = sum(rejected_rows(file) > 0 for file in files.values())
    return f"the {len(names)} worst of {affected} files" if affected > len(names) else "files"


def _colors(quality: dict[str, Any]) -> dict[str, str]:
    """Give the most frequent reasons a colour of their own."""
    own = dict(zip(quality["rejected"], style.SERIES, strict=False))
    return {reason: own.get(reason, OTHER) for reason in quality["rejected"]}


def _draw_reasons(ax: Axes, quality: dict[str, Any], colors: dict[str, str]) -> None:
    counts = np.array(list(quality["rejected"].values()))
    ax.barh(np.arange(len(counts)), counts, color=list(colors.values()), height=0.7)
    _name_bars(ax, list(quality["rejected"]), counts, counts / quality["rows"])


def _draw_files(ax: Axes, files: dict[str, Any], colors: dict[str, str]) -> None:
    left = np.zeros(len(files))
    for reason, color in colors.items():
        counts = np.array([file["rejected"].get(reason, 0) for file in files.values()])
        ax.barh(np.arange(len(files)), counts, left=left, color=color, height=0.7)
        left += counts
    rows = np.array([file["rows"] for file in files.values()])
    _name_bars(ax, [_short(name) for name in files], left, left / rows)


def _name_bars(ax: Axes, names: list[str], counts: np.ndarray, shares: np.ndarray) -> None:
    for place, (count, share) in enumerate(zip(counts, shares, strict=True)):
        ax.annotate(
            f"{count:,.0f} ({_percent(share)})",
            (count, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
        )
    ax.set_yticks(np.arange(len(names)), names, fontsize=SMALL)
    # room for the numbers beside the longest bar
    ax.set_xlim(0, 1.75 * counts.max())
    ax.xaxis.get_major_locator().set_params(integer=True, nbins=5)


def _percent(share: float) -> str:
    if share < 1e-5:
        return "< 0.001%"
    return f"{share:.1%}" if share >= 0.001 else f"{100 * share:.1g}%"


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else f"…{name[1 - NAME_LENGTH :]}"
