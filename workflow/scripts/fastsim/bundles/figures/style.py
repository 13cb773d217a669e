"""One look for all figures: readable in print, in grey, and by the colour-blind."""

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl

# Okabe and Ito's palette (jfly.uni-koeln.de/color): told apart by all common colour visions
REAL = "#3d3d3d"
GENERATED = "#0072b2"
FORMULAS = ("#d55e00", "#009e73", "#cc79a7")
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
BAND = "#c9c9c9"

REAL_LABEL = "simulated"
GENERATED_LABEL = "generated"

PAGE_WIDTH = 7.2
"""Inches: the text width of a page."""

_PARAMETERS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#ececec",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.width": 0.5,
    "ytick.minor.width": 0.5,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    # text stays text in the PDF, so that a paper can restyle it
    "pdf.fonttype": 42,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw what is inside with the style of this module."""
    with mpl.rc_context(_PARAMETERS):
        yield
