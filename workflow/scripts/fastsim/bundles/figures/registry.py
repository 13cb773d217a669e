"""Which figures there are."""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from fastsim.bundles.config.models import BundleModel
from fastsim.bundles.figures import (
    calibration,
    correlation,
    data_summary,
    detector,
    displays,
    energies,
    lateral,
    mean_multiplicity,
    multiplicity,
    mupage,
    power,
    rejected_rows,
    scales,
    shapes,
    training,
    weighted,
)
from fastsim.bundles.figures.inputs import FigureData

FIGURES: dict[str, Callable[[FigureData], Figure]] = {
    "multiplicity_by_energy": multiplicity.draw_by_energy,
    "multiplicity_by_mass": multiplicity.draw_by_mass,
    "multiplicity_by_zenith": multiplicity.draw_by_zenith,
    "multiplicity_by_depth": multiplicity.draw_by_depth,
    "mean_multiplicity": mean_multiplicity.draw,
    "multiplicity_calibration": calibration.draw,
    "energies": energies.draw,
    "lateral": lateral.draw,
    "energy_radius": correlation.draw,
    "bundle_shapes": shapes.draw,
    "detector_view": detector.draw,
    "scales": scales.draw,
    "gaisser_h4a": weighted.draw,
    "mupage": mupage.draw,
    "event_displays": displays.draw,
    "power": power.draw,
    "data_summary": data_summary.draw,
    "training_multiplicity": training.draw_multiplicity,
}
"""Name of the file to the function that draws it; titles and captions are in ``figure_texts``."""

MODEL_FIGURES: dict[BundleModel, dict[str, Callable[[FigureData], Figure]]] = {
    "gan": {"training_gan": training.draw_gan},
    "flow": {"training_flow": training.draw_flow},
}
"""The same, drawn after those where the bundles are of one model."""

INGEST_FIGURES: dict[str, Callable[[dict[str, Any]], Figure]] = {
    "rejected_rows": rejected_rows.draw,
}
"""The same, drawn from ``quality.json`` where the events are the user's files."""
