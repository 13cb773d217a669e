"""The best validation score so far, and when waiting for a better one should end."""

import math
from typing import Any


class EarlyStopping:
    """Keeps the best score, the lowest, and counts the evaluations since it was reached.

    Args:
        patience: evaluations without an improvement until :attr:`should_stop`; None: never stop.
        min_delta: a score must be below the best by more than this to be an improvement.
        baseline: score that the first improvement must be below.
    """

    def __init__(
        self,
        patience: int | None = None,
        min_delta: float = 0.0,
        baseline: float | None = None,
    ) -> None:
        self.patience = patience
        self.min_delta = min_delta
        self.best_score = math.inf if baseline is None else baseline
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

    def verdict(self, score: float) -> str:
        """Return what the last :meth:`update`, with ``score``, came to, for a line of the log."""
        if self.waited == 0:
            return f"{score:.5g} is the best so far"
        best = f"{self.best_score:.5g}"
        best += f" of step {self.best_step}" if self.best_step >= 0 else ", the baseline"
        limit = "" if self.patience is None else f" of {self.patience}"
        return f"{score:.5g} is no better than {best}; waited {self.waited}{limit}"

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs; the settings are not part of it."""
        return {"best_score": self.best_score, "best_step": self.best_step, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state_dict`` was taken."""
        for name in ("best_score", "best_step", "waited"):
            setattr(self, name, state[name])
