"""Titles and captions of the figures, in the order of the report."""

from dataclasses import dataclass

from fastsim.bundles.config.models import BundleModel


@dataclass(frozen=True)
class FigureText:
    """Section of the report, title and caption of a figure."""

    section: str
    title: str
    caption: str


_RATIO = (
    "Grey bands are the statistical error of the simulated sample; points below are generated over "
    "simulated, with errors that take whole showers as the independent draws. Triangles lie "
    "outside the panel."
)

FIGURE_TEXTS = {
    "multiplicity_by_energy": FigureText(
        "How many muons",
        "Number of muons in bins of the primary energy",
        f"N = 0 is the first bin, at 1 + N = 1. {_RATIO}",
    ),
    "multiplicity_by_mass": FigureText(
        "How many muons",
        "Number of muons for every nucleus",
        f"N = 0 is the first bin, at 1 + N = 1. {_RATIO}",
    ),
    "multiplicity_by_zenith": FigureText(
        "How many muons",
        "Number of muons in bins of the zenith angle",
        f"N = 0 is the first bin, at 1 + N = 1. {_RATIO}",
    ),
    "multiplicity_by_depth": FigureText(
        "How many muons",
        "Number of muons at different slant depths",
        f"N = 0 is the first bin, at 1 + N = 1. {_RATIO}",
    ),
    "mean_multiplicity": FigureText(
        "How many muons",
        "Mean number of muons against primary energy",
        "Averages over all zenith angles and depths of the test sample, the formulas over the same "
        "events; their threshold is the surface energy that reaches the depth by the mean energy "
        "loss. Below: everything over simulated.",
    ),
    "multiplicity_calibration": FigureText(
        "How many muons",
        "Calibration of P(N | primary)",
        "Left: the randomised probability integral transform is uniform if the predicted "
        "probabilities are the frequencies seen; the band is the error of a bin. Right: pulls of "
        "the predicted mean in bins of energy, nucleus, zenith and depth; values beyond the axis "
        "are counted in the outermost bins.",
    ),
    "energies": FigureText(
        "Which muons",
        "Energies at depth",
        f"Energy of every muon, of the most energetic one of a bundle, and of the bundle. {_RATIO}",
    ),
    "lateral": FigureText(
        "Which muons",
        "Lateral distribution",
        "Density of muons around the shower axis per bundle, distance of every muon from the axis, "
        f"and distance of the outermost one. {_RATIO}",
    ),
    "energy_radius": FigureText(
        "Which muons",
        "Energy and distance from the axis of the same muon",
        "Energetic muons arrive nearer to the axis. Right: mean of the logarithm of the radius, "
        "and the difference with its statistical error.",
    ),
    "bundle_shapes": FigureText(
        "Which muons",
        "Moments of bundles",
        "Means and widths within a bundle, correlation of log energy and log radius, and distance "
        f"of the mean position from the axis. {_RATIO}",
    ),
    "detector_view": FigureText(
        "Which muons",
        "What a detector sees of a bundle",
        "Energies of the two most energetic muons and within 10 m of the axis, radius within which "
        f"half of the muons lie, and densities at 50 and 100 m. {_RATIO}",
    ),
    "scales": FigureText(
        "Which muons",
        "Scales of energy and radius",
        "Ratio of the geometric means over muons, generated over simulated. Left: its pulls in "
        "bins of energy, nucleus, zenith and depth; values beyond the axis are counted in the "
        "outermost bins. Right: in classes of the number of muons, where known to 10 %. Errors "
        "take whole showers as the independent draws.",
    ),
    "gaisser_h4a": FigureText(
        "Which muons",
        "Re-weighted to the cosmic-ray flux Gaisser H4a",
        "The same events, each weighted with flux over simulated spectrum, dominated by low "
        "energies: what a detector would see of primaries in the simulated range of energies, "
        f"beyond which nothing is added. {_RATIO}",
    ),
    "mupage": FigureText(
        "Which muons",
        "Beside MUPAGE, at vertical depths of 1.5 to 5 km of water equivalent",
        "Events weighted to Gaisser H4a, at depths where MUPAGE's laws hold. They know depth, "
        "zenith angle, number of muons and, for the energy, radius: each is averaged over the "
        "simulated bundles or muons, and its shape is compared. MUPAGE is of all primaries, the "
        "events of those in the simulated range of energies: without the lowest, bundles of one "
        f"muon are missing, and all larger ones look too many. {_RATIO}",
    ),
    "event_displays": FigureText(
        "Which muons",
        "Bundles, simulated and generated",
        "Muons in the plane perpendicular to the shower axis for the same primary, from few muons "
        "to many; colour and size are the energy. A generated bundle is another draw, not a copy.",
    ),
    "power": FigureText(
        "What the classifier sees",
        "Power of the event classifier",
        "AUC, above that of undistorted halves, of simulated events against simulated events with "
        "a defect of known size; dashed: the generated events. The band is the statistical error "
        "of an AUC of that many events. Energies are permuted among the muons of a bundle, or "
        "whole muons shuffled between all bundles of equal N.",
    ),
    "data_summary": FigureText(
        "Data and training",
        "The dataset",
        "Events without muons and quantiles of N in the training split, by slant depth and "
        "nucleus (line: median, mark: largest); sizes of the splits; primaries of the test split.",
    ),
    "training_multiplicity": FigureText(
        "Data and training",
        "Training of the multiplicity model",
        "Negative log-likelihood of N, per event.",
    ),
}
"""Name of the file to its text."""

MODEL_TEXTS: dict[BundleModel, dict[str, FigureText]] = {
    "gan": {
        "training_gan": FigureText(
            "Data and training",
            "Training of the WGAN-GP",
            "The losses do not tell when to stop; the AUC of a classifier of validation events "
            "does, up to its error.",
        ),
    },
    "flow": {
        "training_flow": FigureText(
            "Data and training",
            "Training of the flow",
            "Negative log-likelihood of energy and radius per muon, 2.838 for independent muons "
            "that have exactly the fitted distributions.",
        ),
    },
}
"""The same of the figures drawn only where the bundles are of one model."""

INGEST_TEXTS = {
    "rejected_rows": FigureText(
        "Your files",
        "Rejected rows",
        "Left: rows of all files by the reason for which they were rejected, and their share of "
        "all rows. Right: the files with most of them, in the same colours, and their share of the "
        "file's rows.",
    ),
}
"""The same of the figures drawn only where the events are the user's files."""
