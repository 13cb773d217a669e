"""How far trainings with other seeds differ, beside how far they are from the truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastsim.bundles.described import BY_NAME, Described
from fastsim.bundles.events import Events, read_events
from fastsim.stats.clustered import grouped_histogram
from fastsim.stats.comparison import Sample

COMPARED = ("log10_muon_energy", "radius", "log10_leading_energy", "log10_bundle_energy")
"""Observables of the headline table that the model of the muons answers for."""
BINS = 20


def read_members(folders: Sequence[Path], samples: Sequence[Path]) -> list[Events]:
    """Return the events of each folder, whose shards have the names and the order of ``samples``.

    Raises:
        InputError: a shard is missing or corrupt.
    """
    return [read_events([folder / path.name for path in samples]) for folder in folders]


def ensemble_metrics(real: Described, members: Sequence[Described]) -> dict[str, Any]:
    """Return ``members``, their number, and the :func:`spread` of each of :data:`COMPARED`.

    Args:
        real: test events.
        members: the same rows with the muons of each training; two or more.
    """
    return {
        "members": len(members),
        "observables": {
            name: spread(
                real.sample(BY_NAME[name]), [member.sample(BY_NAME[name]) for member in members]
            )
            for name in COMPARED
        },
    }


def spread(real: Sample, members: Sequence[Sample]) -> dict[str, float | None]:
    """Return spread and deviation of spectra, in per cent of the simulated spectrum.

    Spectra are taken in :data:`BINS` bins that hold equal shares of the simulated sample; r is
    generated over simulated in a bin. The means over the bins of variances and squares are taken,
    then the root:

    * ``spread``: of the variance of r over the members. They share random numbers, so that little
      of it is chance;
    * ``deviation``: of (r - 1)^2, mean over the members, less the squares of its statistical
      errors, which take whole groups as the independent draws: 0 if those explain all of it;
    * ``statistical_error``: of the squares of these errors;
    * ``ratio``: spread over deviation, None where that is 0. Near 1, what is wrong is the chance of
      a training, and the spread tells how wrong; near 0, all members are wrong alike.
    """
    edges = np.unique(np.quantile(real.values, np.linspace(0.0, 1.0, BINS + 1)))
    # what lies beyond the simulated values belongs to the outermost bins
    edges[0], edges[-1] = -np.inf, np.inf
    pairs = [
        grouped_histogram(edges, real.values, member.values, real.groups, member.groups).ratio()
        for member in members
    ]
    ratios, errors = (np.array(each) for each in zip(*pairs, strict=True))
    among = np.sqrt(ratios.var(axis=0, ddof=1).mean())
    chance = np.mean(errors**2)
    deviation = np.sqrt(max(np.mean((ratios - 1.0) ** 2) - chance, 0.0))
    return {
        "spread": 100.0 * float(among),
        "deviation": 100.0 * float(deviation),
        "statistical_error": 100.0 * float(np.sqrt(chance)),
        "ratio": float(among / deviation) if deviation > 0 else None,
    }
