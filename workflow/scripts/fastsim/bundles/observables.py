"""What a detector sees of a bundle: one number per event or muon, vectorised over a sample."""

import numpy as np
import pandas as pd

from fastsim.bundles.events import Events
from fastsim.data.ragged import order_within_rows
from fastsim.data.segments import segment_max, segment_sum

CONDITION = ("log10_primary_energy", "log10_primary_mass", "cos_zenith", "slant_depth")
"""Columns of :func:`event_observables` that describe the primary and the depth."""

# radii below a millimetre mean nothing; the floor keeps the logarithm of a muon on the axis finite
MIN_RADIUS = 1e-3

CORE_RADIUS = 10.0
"""m."""
RINGS = {"density_50": (40.0, 60.0), "density_100": (80.0, 120.0)}
"""Columns with the muons per 1000 m2 of a ring, and its radii in m."""


def muon_observables(events: Events) -> pd.DataFrame:
    """Return one row per muon.

    Columns: ``log10_energy`` (GeV), ``radius`` (m), ``log10_radius`` (m, floored at 1 mm) and
    ``azimuth`` (rad, around the shower axis), all float64.
    """
    energy, x, y = (column.astype(np.float64) for column in events.muon_columns)
    radius = np.hypot(x, y)
    return pd.DataFrame(
        {
            "log10_energy": np.log10(energy),
            "radius": radius,
            "log10_radius": np.log10(np.maximum(radius, MIN_RADIUS)),
            "azimuth": np.arctan2(y, x),
        }
    )


def event_observables(events: Events) -> pd.DataFrame:
    """Return one row per event: condition, multiplicity and moments of the bundle.

    ``n`` is the number of muons and ``log10_n1`` is log10(1 + n). The rest describes the muons
    and is NaN for an event without any: ``log10_bundle_energy`` and ``log10_leading_energy``
    (GeV), ``log10_sum_radius``; mean, width and extremes of log10 energy and log10 radius;
    ``log10_second_energy`` of the second muon (NaN for N < 2), ``log10_core_energy`` = log10 of
    1 GeV + the energy within 10 m; ``max_radius``, ``rms_radius`` and ``half_radius``, within which
    half of the muons lie (m); ``density_50`` and ``density_100``, muons per 1000 m2 in rings about
    these radii; ``energy_radius_correlation``; the centroid
    ``centroid_x``, ``centroid_y`` (m), ``log10_centroid_radius``, and ``azimuthal_resultant`` =
    abs(sum exp(i azimuth)) / sqrt(n), near sqrt(pi)/2 on average when azimuths are independent.
    A single muon has widths and correlation 0. Widths are population standard deviations.
    """
    muons = muon_observables(events)
    offsets, counts = events.offsets, events.counts
    table = pd.DataFrame(
        {
            "log10_primary_energy": np.log10(events.primaries[:, 0].astype(np.float64)),
            "log10_primary_mass": np.log10(events.primaries[:, 1].astype(np.float64)),
            "cos_zenith": np.cos(events.primaries[:, 2].astype(np.float64)),
            "slant_depth": events.primaries[:, 3].astype(np.float64),
            "n": counts,
            "log10_n1": np.log10(1.0 + counts),
        }
    )
    # 0 muons give 0/0 below: NaN on purpose
    n = np.where(counts > 0, counts, np.nan)
    log_energy, log_radius = muons["log10_energy"].to_numpy(), muons["log10_radius"].to_numpy()
    energy = segment_sum(events.muon_energy, offsets)
    table["log10_bundle_energy"] = np.log10(np.where(counts > 0, energy, np.nan))
    table["log10_leading_energy"] = segment_max(log_energy, offsets)
    table["log10_lowest_energy"] = -segment_max(-log_energy, offsets)
    mean_energy, width_energy = _moments(log_energy, offsets, n)
    mean_radius, width_radius = _moments(log_radius, offsets, n)
    table["mean_log10_energy"], table["width_log10_energy"] = mean_energy, width_energy
    table["mean_log10_radius"], table["width_log10_radius"] = mean_radius, width_radius
    radius = muons["radius"].to_numpy()
    sum_radius = np.maximum(segment_sum(radius, offsets), MIN_RADIUS)
    table["log10_sum_radius"] = np.log10(np.where(counts > 0, sum_radius, np.nan))
    table["max_radius"] = segment_max(radius, offsets)
    table["rms_radius"] = np.sqrt(segment_sum(radius**2, offsets) / n)
    table["energy_radius_correlation"] = _correlation(
        log_energy - np.repeat(mean_energy, counts),
        log_radius - np.repeat(mean_radius, counts),
        offsets,
        width_energy * width_radius * n,
    )
    _add_detector_view(table, events, muons)
    centroid = segment_sum(events.muons[:, 1:], offsets) / n[:, None]
    table["centroid_x"], table["centroid_y"] = centroid[:, 0], centroid[:, 1]
    table["log10_centroid_radius"] = np.log10(np.maximum(np.hypot(*centroid.T), MIN_RADIUS))
    azimuth = muons["azimuth"].to_numpy()
    resultant = segment_sum(np.column_stack([np.cos(azimuth), np.sin(azimuth)]), offsets)
    table["azimuthal_resultant"] = np.hypot(*resultant.T) / np.sqrt(n)
    return table


def _add_detector_view(table: pd.DataFrame, events: Events, muons: pd.DataFrame) -> None:
    """Add the second energy, the core's energy, the half radius and the densities."""
    counts, offsets = events.counts, events.offsets
    radius = muons["radius"].to_numpy()
    several = counts >= 2
    ordered = order_within_rows(events.muon_energy, counts)
    second = np.full(len(events), np.nan)
    second[several] = muons["log10_energy"].to_numpy()[ordered[offsets[1:][several] - 2]]
    table["log10_second_energy"] = second
    core = segment_sum(events.muon_energy * (radius < CORE_RADIUS), offsets)
    table["log10_core_energy"] = np.where(counts > 0, np.log10(1.0 + core), np.nan)
    filled = counts > 0
    ordered = order_within_rows(radius.astype(np.float32), counts)
    half = np.full(len(events), np.nan)
    half[filled] = radius[ordered[(offsets[:-1] + (counts - 1) // 2)[filled]]]
    table["half_radius"] = half
    for name, (inner, outer) in RINGS.items():
        inside = segment_sum((radius >= inner) & (radius < outer), offsets)
        density = 1000.0 * inside / (np.pi * (outer**2 - inner**2))
        table[name] = np.where(filled, density, np.nan)


def _moments(
    values: np.ndarray, offsets: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and width of ``values`` over each event, from centred values for accuracy."""
    mean = segment_sum(values, offsets) / n
    centred = values - np.repeat(mean, np.diff(offsets))
    return mean, np.sqrt(segment_sum(centred**2, offsets) / n)


def _correlation(
    a: np.ndarray, b: np.ndarray, offsets: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the correlation of centred ``a`` and ``b`` over each event; 0 where it has no width.

    Args:
        scale: width of a times width of b times n, per event.
    """
    products = segment_sum(a * b, offsets)
    # rounding leaves equal values a width of about 1e-16: no width either
    flat = scale < 1e-12
    correlation = products / np.where(flat, 1.0, scale)
    return np.where(flat, 0.0, np.clip(correlation, -1.0, 1.0))
