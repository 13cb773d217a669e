"""Random numbers of a training's steps, for which a checkpoint needs no random state."""

import numpy as np
import torch


class StepRandom:
    """Random numbers that are a pure function of a seed and of what they are for.

    Args:
        seed: of the training.
        device: where the numbers are drawn.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed = seed
        self._generator = torch.Generator(device)

    def of(self, *label: int) -> torch.Generator:
        """Return torch's generator at its start for a label, such as step and use.

        It is the same object each time: draw before asking for the next.
        """
        seed = np.random.SeedSequence((self._seed, *label)).generate_state(1, np.uint64)[0]
        return self._generator.manual_seed(int(seed))
