"""Trained models on showers of another program: which of them count, and the page about it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastsim.bundles.error_budget import COLUMNS, texts
from fastsim.bundles.events import Events
from fastsim.bundles.markdown import table
from fastsim.bundles.one_depth import one_depth
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.data.ragged import offsets_of
from fastsim.data.segments import segment_sum


def independent_inside(events: Events, trained: PrimaryRange, seed: int) -> Events:
    """Return one random event of every shower that has some inside the range, in their order.

    Outside, a model would have to extrapolate; depths of one shower are no independent draws.
    """
    inside = events.select(trained.holds(events.primaries))
    return inside.select(one_depth(inside, seed))


def muons_above(events: Events, energy: float) -> Events:
    """Return the same events with their muons of at least ``energy`` GeV."""
    kept = events.muon_energy >= energy
    return Events(
        events.event_id,
        events.shower_id,
        events.primaries,
        offsets_of(segment_sum(kept, events.offsets).astype(np.int64)),
        *(column[kept] for column in events.muon_columns),
    )


def page(
    sizes: Mapping[str, int],
    muon_energy_min: float,
    trained: str,
    others: Sequence[Mapping[str, Any]],
) -> str:
    """Return the page as Markdown.

    Args:
        sizes: ``showers`` of the files, ``inside`` of the range, ``events_with_muons``, ``muons``.
        muon_energy_min: least energy of muons that count, GeV; 0: all count.
        trained: the range in words.
        others: of every other sample its ``name`` and :func:`error_budget.differences`.
    """
    counted = f" of at least {muon_energy_min:g} GeV" if muon_energy_min > 0 else ""
    parts = [
        "# Showers of another program",
        "Written by `snakemake transfer`; do not edit.",
        f"Of {sizes['showers']:,} showers of the files {sizes['inside']:,} are inside what the "
        f"models were trained on ({trained}), and only these count, each at one depth: "
        f"{sizes['events_with_muons']:,} bundles, {sizes['muons']:,} muons{counted}. Against them, "
        "for the same primaries: the built-in simulation, and the models trained on it, from the "
        "number of muons on. What simulation and models have in common is how the simulation "
        "differs from these showers; what a model has beyond the simulation of the altitude that "
        "it was trained with is its own.",
        table(["", *COLUMNS], [[other["name"], *texts(other)] for other in others]),
    ]
    return "\n\n".join(parts) + "\n"
