"""The table of costs beside the headline: what the models take, and their likelihoods."""

from collections.abc import Sequence
from typing import Any

Metrics = dict[str, Any]


def cost_rows(models: Sequence[Metrics]) -> list[tuple[str, tuple[str, ...]]]:
    """Return name and a text for every model of what the models cost, and of their likelihoods."""
    costs = [metrics["costs"] for metrics in models]
    return [
        ("Parameters of the network that generates", _texts(costs, "parameters", "{:,}")),
        ("Training, s", _texts(costs, "training_seconds", "{:,.0f}")),
        ("Generated muons per second", _texts(costs, "muons_per_second", "{:,.0f}")),
        ("Validation NLL per muon", _texts(costs, "validation_nll", "{:.4f}")),
    ]


def _texts(costs: list[Metrics], key: str, form: str) -> tuple[str, ...]:
    return tuple("" if cost[key] is None else form.format(cost[key]) for cost in costs)
