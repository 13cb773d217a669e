"""The headline table of the report: the figures of merit that decide, with floor and limit."""

from collections.abc import Sequence

from fastsim.bundles.headline_rows import (
    NEIGHBOUR_NAMES,
    Cell,
    Metrics,
    Row,
    auc_row,
    distance_rows,
    ks_row,
    multiplicity_rows,
    neighbour_row,
    scale_row,
    worst_rows,
)
from fastsim.bundles.scale_metrics import QUANTITIES

AUC_LIMIT = 0.53
AUC_N30_LIMIT = 0.56
SMALLEST_P = 0.01

KS_NAMES = {
    "log10_muon_energy": "KS of the muon energy",
    "radius": "KS of the radius",
    "log10_leading_energy": "KS of the leading energy",
    "log10_bundle_energy": "KS of the bundle energy",
    "n": "KS of the number of muons",
}


def headline(models: Sequence[Metrics]) -> list[Row]:
    """Return the rows of the headline table.

    Args:
        models: contents of ``metrics.json`` of every model of bundles, the one that generates
            first: floors and limits are taken from it, and what is said of the numbers of muons,
            which are the same for all.
    """
    rows = [
        auc_row(
            [metrics["c2st_auc_event"] for metrics in models],
            "Classifier AUC, bundles with muons",
            AUC_LIMIT,
            "boosted trees on event observables; 0.5: cannot be told apart",
        ),
        auc_row(
            [metrics["c2st_auc_event_true_n"] for metrics in models],
            "Classifier AUC, simulated N",
            None,
            "muons generated for the simulated N: the bundle model alone",
        ),
        auc_row(
            [models[0]["c2st_auc_event_counts"]],
            "Classifier AUC, N alone",
            None,
            "trees that see the primary and N: the multiplicity model alone",
        ),
        auc_row(
            [metrics["c2st_auc_event_n30"] for metrics in models],
            "Classifier AUC, N ≥ 30",
            AUC_N30_LIMIT,
            "the same for large bundles",
        ),
        auc_row(
            [metrics["c2st_auc_event_n300"] for metrics in models],
            "Classifier AUC, N ≥ 300",
            None,
            "the same for the largest bundles",
        ),
        auc_row(
            [metrics["c2st_auc_set"] for metrics in models],
            "Classifier AUC, raw muons",
            None,
            "a network that sees every muon of the bundle",
        ),
    ]
    rows += [
        ks_row([metrics["observables"][key] for metrics in models], name)
        for key, name in KS_NAMES.items()
    ]
    rows += worst_rows([metrics["worst_observable"] for metrics in models])
    rows += [
        scale_row([metrics["scales"]["overall"][key] for metrics in models], key)
        for key in QUANTITIES
    ]
    rows += multiplicity_rows(models[0]["multiplicity"])
    p_values = [metrics["isotropy"]["generated"]["muons"]["rayleigh_p"] for metrics in models]
    rows.append(
        Row(
            "Isotropy of generated muons, p-value",
            tuple(Cell(f"{p:.2g}", p > SMALLEST_P) for p in p_values),
            "",
            f"above {SMALLEST_P}",
            "Rayleigh test of azimuths around the shower axis",
        )
    )
    rows += distance_rows(models)
    rows += [
        neighbour_row([metrics["neighbours"][key] for metrics in models], key)
        for key in NEIGHBOUR_NAMES
    ]
    return rows
