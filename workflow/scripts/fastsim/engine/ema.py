"""Exponential moving average of a model's parameters."""

import copy
from typing import Any

import torch


class Ema:
    """Holds the averaged copy :attr:`model` of a model under training.

    Over the first steps the decay grows as (1 + t) / (10 + t) up to ``decay``, so that a short
    training is not averaged with its random start.

    Args:
        source: the model under training; its buffers are taken as constants.
        decay: weight of the past in each update.
    """

    def __init__(self, source: torch.nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(source).requires_grad_(False).eval()
        self._decay = decay
        self._updates = 0
        self._pairs = (list(self.model.parameters()), list(source.parameters()))

    @torch.no_grad()
    def update(self) -> None:
        """Take in the source's parameters as they are now."""
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        torch._foreach_lerp_(*self._pairs, 1.0 - decay)
        self._updates += 1

    def state_dict(self) -> dict[str, Any]:
        """Return average and number of updates."""
        return {"model": self.model.state_dict(), "updates": self._updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        self.model.load_state_dict(state["model"])
        self._updates = state["updates"]
