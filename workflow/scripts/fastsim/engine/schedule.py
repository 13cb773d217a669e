"""Learning rates as pure functions of the step, so that a checkpoint need not hold them."""

import torch


def linear_decay(step: int, steps: int) -> float:
    """Return 1 in the first half of ``steps``, then falling linearly to 0 at the end."""
    return min(1.0, 2.0 * (1.0 - step / steps))


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
