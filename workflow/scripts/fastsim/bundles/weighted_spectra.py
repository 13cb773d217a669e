"""Spectra weighted to cosmic-ray fluxes, generated over simulated, bin by bin."""

from typing import Any

import numpy as np

from fastsim.bundles.described import BY_NAME, Described
from fastsim.bundles.weighting import FLUX_MODELS, flux_weights
from fastsim.stats.clustered import grouped_histogram
from fastsim.stats.excess import rms_beyond_errors

LARGEST_ERROR = 5.0
"""Per cent: a bin whose simulated content is known worse cannot be said to be right."""
LEAST_KNOWN = 20.0
"""Per cent: a bin whose simulated content is known worse cannot be said to be wrong either."""


def _half_decades(first: int, last: int) -> np.ndarray:
    # powers of ten are exact, so that whole numbers do not change bins
    return np.array([10.0 ** (step / 2) for step in range(2 * first, 2 * last + 1)])


SPECTRA = {
    "n": _half_decades(0, 6),
    "log10_leading_energy": np.arange(0.0, 9.5, 0.5),
    "radius": _half_decades(-3, 4),
}
"""Observables to the edges of their bins, the same in every run. Weights leave few events their
say: of 50,000 showers of E^-1, narrower bins are hardly known to 5 %."""

Spectrum = dict[str, Any]


def weighted_spectra(
    real: Described, generated: Described, spectral_index: float
) -> dict[str, dict[str, Spectrum]]:
    """Return for every flux model and spectrum how far generated is from simulated, in per cent.

    The samples are the same rows, and so have the same weights. Spectra are compared as they are,
    none is normalised. Errors take showers as the independent draws of both samples together.

    Args:
        real, generated: the same rows.
        spectral_index: gamma of the simulated spectrum.

    Returns:
        of the bins whose simulated content is known to :data:`LARGEST_ERROR`: ``bins`` (limits),
        ``deviation`` (generated over simulated, minus 1), its ``error``, and ``statistical_error``
        of the simulated content; ``largest``, the largest of the deviations with its ``bin`` and
        ``error``, and ``rms_beyond_errors``, both None without bins; ``less_known``: the same four
        lists of the bins whose content is known to :data:`LEAST_KNOWN`.
    """
    energy, mass = real.events.primaries[:, :2].T
    result = {}
    for flux in FLUX_MODELS:
        weights = flux_weights(energy, mass, spectral_index, flux)
        pair = real.weighted(weights), generated.weighted(weights)
        result[flux] = {name: _spectrum(*pair, name) for name in SPECTRA}
    return result


def _spectrum(real: Described, generated: Described, name: str) -> Spectrum:
    edges = SPECTRA[name]
    a, b = (described.sample(BY_NAME[name]) for described in (real, generated))
    histogram = grouped_histogram(
        edges, a.values, b.values, a.groups, b.groups, a.weights, b.weights
    )
    (content, _), (content_error, _) = histogram.totals, histogram.errors()
    with np.errstate(invalid="ignore"):
        statistical = 100.0 * content_error / content
    ratio, error = (100.0 * each for each in histogram.ratio())
    deviation = ratio - 100.0

    def lists(kept: np.ndarray) -> Spectrum:
        return {
            "bins": np.column_stack([edges[:-1], edges[1:]])[kept].tolist(),
            "deviation": deviation[kept].tolist(),
            "error": error[kept].tolist(),
            "statistical_error": statistical[kept].tolist(),
        }

    # an empty bin has none
    known = statistical <= LARGEST_ERROR
    spectrum = lists(known)
    largest = None
    if known.any():
        worst = int(np.argmax(np.abs(spectrum["deviation"])))
        largest = {
            "bin": spectrum["bins"][worst],
            "deviation": spectrum["deviation"][worst],
            "error": spectrum["error"][worst],
        }
    return spectrum | {
        "largest": largest,
        "rms_beyond_errors": rms_beyond_errors(deviation[known], error[known]),
        "less_known": lists(~known & (statistical <= LEAST_KNOWN)),
    }
