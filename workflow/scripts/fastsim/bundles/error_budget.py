"""How far generated bundles are from simulated ones, beside how far other simulations are."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.scale_metrics import overall_scales
from fastsim.bundles.separation_metrics import event_auc_of
from fastsim.stats.paired import paired_ratio

COLUMNS = ("⟨N⟩", "energy", "radius", "event AUC")
"""Titles of :func:`texts`."""


def differences(real: Described, other: Described, repeats: int, seed: int) -> dict[str, Any]:
    """Return what tells ``other`` from ``real``, events of the same primaries, one a shower.

    Keys: ``mean_n``, relative difference of <N>, and the scales of ``energy`` and ``radius`` over
    all muons, each with ``scale`` and ``error`` in per cent (None for too few muons);
    ``auc``, that of the event classifier with ``value`` and ``error`` (None for too few bundles).

    Args:
        real, other: the events.
        repeats, seed: random halves behind the classifier's AUC, and their seed.
    """
    filled = [each.select(each.events.counts > 0) for each in (real, other)]
    overall = overall_scales(real, other)
    return {
        "mean_n": _mean_n(real, other),
        "energy": overall["energy"],
        "radius": overall["radius"],
        "auc": event_auc_of(*filled, repeats, seed),
    }


def texts(figures: Mapping[str, Any]) -> list[str]:
    """Return what :func:`differences` found, a text for each of :data:`COLUMNS`."""
    cells = [
        "too few muons"
        if figures[key] is None
        else "{scale:+.2f} ± {error:.2f} %".format(**figures[key])
        for key in ("mean_n", "energy", "radius")
    ]
    auc = figures["auc"]
    cells.append("too few events" if auc is None else "{value:.3f} ± {error:.3f}".format(**auc))
    return cells


def _mean_n(real: Described, other: Described) -> dict[str, float] | None:
    sums = [(each.events.counts, np.ones(len(each.events))) for each in (real, other)]
    ratio = paired_ratio(*sums, real.events.shower_id)
    # of a single shower, or of no muons
    if ratio["truth"] is None or ratio["truth"]["value"] == 0:
        return None
    mean = ratio["truth"]["value"]
    return {"scale": 100.0 * ratio["difference"] / mean, "error": 100.0 * ratio["error"] / mean}
