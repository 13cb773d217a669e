"""The best validation score so far, and when waiting for a better one should end."""

import math
from typing import Any


class EarlyStopping:
    """Keeps the lowest score and counts the evaluations since it was reached.

    Args:
        patience: evaluations without an improvement after which :attr:`should_stop` is true; None
            means never, and the object only tells which evaluation was the best.
        min_delta: a score must lie below the best by more than this to count as an improvement.
    """

    def __init__(self, patience: int | None = None, min_delta: float = 0.0) -> None:
        self.patience = patience
        self.min_delta = min_delta
        self.best_score = math.inf
        self.best_step = -1
        self.waited = 0

    def update(self, step: int, score: float) -> bool:
        """Take the score of one evaluation; true when it is the best so far.

        A score that is not a number never counts as an improvement.
        """
        if score < self.best_score - self.min_delta:
            self.best_score, self.best_step, self.waited = float(score), step, 0
            return True
        self.waited += 1
        return False

    @property
    def should_stop(self) -> bool:
        """Whether ``patience`` evaluations in a row have brought no improvement."""
        return self.patience is not None and self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs; the settings are not part of it."""
        return {"best_score": self.best_score, "best_step": self.best_step, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state_dict`` was taken."""
        self.best_score = state["best_score"]
        self.best_step = state["best_step"]
        self.waited = state["waited"]
