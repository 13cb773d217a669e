"""The headline table of the report: the figures of merit that decide, with floor and limit."""

from dataclasses import dataclass
from typing import Any

from fastsim.bundles.baselines import ELBERT_SETS

KS_LIMIT = 0.015
KS_OF_FLOOR = 1.5
PULL_LIMIT = 1.15
AUC_LIMIT = 0.53
AUC_N30_LIMIT = 0.56
PIT_LIMIT = 0.015
SMALLEST_P = 0.01

KS_NAMES = {
    "log10_muon_energy": "KS of the muon energy",
    "radius": "KS of the radius",
    "log10_leading_energy": "KS of the leading energy",
    "log10_bundle_energy": "KS of the bundle energy",
    "n": "KS of the number of muons",
}


@dataclass(frozen=True)
class Row:
    """One line: texts to show, and whether the limit is kept (None: there is no limit)."""

    name: str
    value: str
    floor: str
    limit: str
    kept: bool | None
    meaning: str


def headline(metrics: dict[str, Any]) -> list[Row]:
    """Return the rows of the headline table from the content of ``metrics.json``."""
    rows = [
        _auc_row(
            metrics["c2st_auc_event"],
            "Classifier AUC, bundles with muons",
            AUC_LIMIT,
            "boosted trees on event observables; 0.5: cannot be told apart",
        ),
        _auc_row(
            metrics["c2st_auc_event_n30"],
            "Classifier AUC, N ≥ 30",
            AUC_N30_LIMIT,
            "the same for large bundles",
        ),
        _auc_row(
            metrics["c2st_auc_set"],
            "Classifier AUC, raw muons",
            None,
            "a network that sees every muon of the bundle",
        ),
    ]
    rows += [_ks_row(metrics["observables"][key], name) for key, name in KS_NAMES.items()]
    rows += _multiplicity_rows(metrics["multiplicity"])
    p = metrics["isotropy"]["generated"]["muons"]["rayleigh_p"]
    rows.append(
        Row(
            "Isotropy of generated muons, p-value",
            f"{p:.2g}",
            "",
            f"above {SMALLEST_P}",
            p > SMALLEST_P,
            "Rayleigh test of azimuths around the shower axis",
        )
    )
    rows += _distance_rows(metrics)
    return rows


def _auc_row(figure: dict[str, Any], name: str, limit: float | None, meaning: str) -> Row:
    if figure["generated"] is None:
        return Row(name, "too few events", "", "", None, meaning)
    value = figure["generated"]["value"]
    return Row(
        name,
        f"{value:.3f} ± {figure['generated']['spread']:.3f}",
        f"{figure['floor']['value']:.3f} ± {figure['floor']['spread']:.3f}",
        "" if limit is None else f"below {limit}",
        None if limit is None else value < limit,
        meaning,
    )


def _ks_row(figure: dict[str, Any], name: str) -> Row:
    generated, floor = figure["generated"], figure["floor"]
    limit = max(KS_LIMIT, KS_OF_FLOOR * floor["ks"])
    return Row(
        name,
        f"{generated['ks']:.4f} ± {generated['ks_error']:.4f}",
        f"{floor['ks']:.4f} ± {floor['ks_error']:.4f}",
        f"below {limit:.3f}",
        generated["ks"] < limit,
        "largest difference of the cumulative distributions",
    )


def _multiplicity_rows(metrics: dict[str, Any]) -> list[Row]:
    pit = metrics["model"]["pit_ks"]
    rows = [
        Row(
            "PIT KS of the multiplicity",
            f"{pit:.4f}",
            f"{metrics['floor']['pit_ks']:.4f}",
            f"below {PIT_LIMIT}",
            pit < PIT_LIMIT,
            f"are probabilities frequencies? Poisson: {metrics['poisson']['pit_ks']:.3f}",
        )
    ]
    rms = metrics["model"]["mean_bias"]["pull_rms"]
    if rms is not None:
        peers = {
            parameters.label: metrics[name]["mean_bias"]["pull_rms"]
            for name, parameters in ELBERT_SETS.items()
        }
        told = ", ".join(f"{label} {value:.1f}" for label, value in peers.items())
        rows.append(
            Row(
                "RMS of the pulls of ⟨N⟩ per bin",
                f"{rms:.2f}",
                "1.00",
                f"below {PULL_LIMIT}",
                rms < PULL_LIMIT and rms < min(peers.values()),
                f"bias over statistical error; {told}",
            )
        )
    model, poisson = metrics["model"], metrics["poisson"]
    rows.append(
        Row(
            "Log score of N per event (NLL)",
            f"{model['nll']:.3f}",
            "",
            "",
            None,
            f"lower is better; Poisson of the same mean: {poisson['nll']:.3f}; CRPS "
            f"{model['crps']:.3f} against {poisson['crps']:.3f}",
        )
    )
    return rows


def _distance_rows(metrics: dict[str, Any]) -> list[Row]:
    rows = []
    for key, name in (("fpd", "Fréchet physics distance"), ("kpd", "Kernel physics distance")):
        if metrics[key]["generated"] is None:
            continue
        generated, floor = metrics[key]["generated"], metrics[key]["floor"]
        rows.append(
            Row(
                name,
                f"{generated['value']:.4f} ± {generated['error']:.4f}",
                f"{floor['value']:.4f} ± {floor['error']:.4f}",
                "",
                None,
                "of event observables in units of their spread; 0: equal",
            )
        )
    return rows
