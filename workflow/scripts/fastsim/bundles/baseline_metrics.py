"""How far the bundles of a baseline are from simulated ones, by the figures of the model."""

from typing import Any

from fastsim.bundles.described import Described
from fastsim.bundles.distribution_metrics import distances_to
from fastsim.bundles.separation_metrics import EVENT_AUCS, event_auc_of


def baseline_metrics(
    real: Described, baseline: Described, replicas: int, repeats: int, seed: int
) -> dict[str, Any]:
    """Return ``observables`` (KS and W1 with errors) and the figures of ``EVENT_AUCS``.

    The floors beside them are those of the model, which is compared with the same truth.

    Args:
        real: test events, one depth of every shower.
        baseline: the same rows with a baseline's muons.
        replicas, repeats, seed: as for the model.
    """
    result: dict[str, Any] = {"observables": distances_to(real, baseline, replicas, seed)}
    for name, fewest in EVENT_AUCS.items():
        pair = real.at_least(fewest), baseline.at_least(fewest)
        result[name] = event_auc_of(*pair, repeats, seed)
    return result
