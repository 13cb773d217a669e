"""Generated and true muons at one moment of a training, to look at while it runs."""

from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsim.bundles.figures import style

BINS = 60
RANGE = (-4.0, 4.0), (0.0, 5.0)
"""Of normalised energies and radii, which are about normal and about Rayleigh-distributed."""


def examples(real: np.ndarray, generated: np.ndarray) -> bytes:
    """Return a PNG of the distributions of normalised energy and radius, and of both together.

    Args:
        real, generated: (muons, 2) energy and radius of the same bundles' muons.
    """
    with style.house_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 2.3))
        energy, radius, *planes = figure.subplots(1, 4)
        for column, (ax, name) in enumerate(((energy, "energy"), (radius, "radius"))):
            bins = np.linspace(*RANGE[column], BINS + 1)
            for sample, color, label in (
                (real, style.REAL, "validation"),
                (generated, style.GENERATED, style.GENERATED_LABEL),
            ):
                ax.hist(
                    sample[:, column], bins, density=True, histtype="step", color=color, label=label
                )
            ax.set_xlabel(f"normalised {name}")
        energy.legend(loc="upper left", fontsize=6.0)
        for ax, sample, label in zip(
            planes, (real, generated), ("validation", style.GENERATED_LABEL), strict=True
        ):
            _draw_plane(ax, sample, label)
        content = BytesIO()
        figure.savefig(content, format="png", dpi=110)
    return content.getvalue()


def _draw_plane(ax: Axes, sample: np.ndarray, label: str) -> None:
    ax.hist2d(*sample.T, bins=BINS, range=RANGE, density=True, cmap="Blues")
    ax.set_title(label)
    ax.set_xlabel("normalised energy")
    ax.set_ylabel("normalised radius")
    ax.grid(visible=False)
