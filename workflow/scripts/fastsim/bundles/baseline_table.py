"""The report's table of the model beside the lookups, and what it says where the model loses."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsim.bundles.described import OBSERVABLES
from fastsim.bundles.lookup_baselines import LOOKUPS

GIVEN = ("n", "log10_n1")
"""Observables that the lookups are given and the model has to draw: no contest."""

AUCS = {
    "c2st_auc_event": "Classifier AUC, bundles with muons",
    "c2st_auc_event_n30": "Classifier AUC, N ≥ 30",
    "c2st_auc_event_n300": "Classifier AUC, N ≥ 300",
}


@dataclass(frozen=True)
class Entry:
    """A figure of merit of one sample, lower being better, with its error."""

    value: float
    error: float
    digits: int

    def __str__(self) -> str:
        return f"{self.value:.{self.digits}f} ± {self.error:.{self.digits}f}"


@dataclass(frozen=True)
class Contest:
    """One figure of merit: the model, every lookup in the order of ``LOOKUPS``, the floor."""

    name: str
    model: Entry
    lookups: tuple[Entry, ...]
    floor: Entry

    @property
    def lowest(self) -> int:
        """Which is best: 0 for the model, 1 ... for the lookups."""
        return int(np.argmin([entry.value for entry in (self.model, *self.lookups)]))


def contests(metrics: dict[str, Any]) -> list[Contest]:
    """Return the rows of the table from the content of ``metrics.json``."""
    rows = [
        Contest(
            name,
            _auc(metrics[key]["generated"]),
            tuple(_auc(metrics["baselines"][lookup][key]) for lookup in LOOKUPS),
            _auc(metrics[key]["floor"]),
        )
        for key, name in AUCS.items()
        # a lookup or the model may have too few large bundles for a classifier
        if metrics[key]["generated"]
        and all(metrics["baselines"][lookup][key] for lookup in LOOKUPS)
    ]
    for observable in OBSERVABLES:
        if observable.name in GIVEN:
            continue
        figure = metrics["observables"][observable.name]
        lookups = [metrics["baselines"][key]["observables"][observable.name] for key in LOOKUPS]
        # too few bundles of two muons or more, say, for some observables
        if figure["generated"] is None or None in lookups:
            continue
        rows.append(
            Contest(
                f"KS of {observable.name.replace('_', ' ')}",
                _ks(figure["generated"]),
                tuple(map(_ks, lookups)),
                _ks(figure["floor"]),
            )
        )
    return rows


def verdicts(rows: list[Contest]) -> list[str]:
    """Return a sentence for every lookup: in which figures the model does not beat it."""
    sentences = []
    for place, label in enumerate(LOOKUPS.values()):
        lost, level = [], []
        for row in rows:
            other = row.lookups[place]
            if row.model.value >= other.value:
                clear = row.model.value - other.value > np.hypot(row.model.error, other.error)
                (lost if clear else level).append(row.name)
        if not lost and not level:
            sentences.append(f"The model beats “{label}” in all {len(rows)} figures.")
            continue
        text = f"The model does not beat “{label}” in {len(lost) + len(level)} of {len(rows)}:"
        if lost:
            text += f" {', '.join(lost)}" + (";" if level else ".")
        if level:
            text += f" within the errors {', '.join(level)}."
        sentences.append(text)
    return sentences


def _auc(figure: dict[str, float]) -> Entry:
    return Entry(figure["value"], figure["error"], 3)


def _ks(figure: dict[str, float]) -> Entry:
    return Entry(figure["ks"], figure["ks_error"], 4)
