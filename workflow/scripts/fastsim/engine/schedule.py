"""Learning rates as pure functions of the step, so that a checkpoint need not hold them."""

import torch


def linear_decay(step: int, steps: int) -> float:
    """Return 1 at ``step`` 0, falling linearly to 0 at ``steps``."""
    return 1.0 - step / steps


def delayed_exponential_decay(step: int, steps: int, delay: float, end: float) -> float:
    """Return 0 in the first ``delay`` of ``steps``, then 1, falling exponentially to ``end``."""
    first = delay * steps
    return 0.0 if step < first else end ** ((step - first) / (steps - first))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let ``optimizer`` take its next step with ``rate`` in all parameter groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def late_steps(steps: int, evaluations: int) -> set[int]:
    """Return steps at which to evaluate, the denser the later, the last step among them."""
    return {
        max(1, round(steps * (1.0 - (1.0 - i / evaluations) ** 2)))
        for i in range(1, evaluations + 1)
    }
