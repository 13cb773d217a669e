"""What a comparison of pairs would give if nothing told the two of a pair apart.

Two samples of the same rows whose pairs are independent draws of one law may be exchanged pair by
pair: figures of the exchanged samples are draws of the figure's own law, whatever the errors in it
are worth (E. J. G. Pitman, J. R. Stat. Soc. Suppl. 4 (1937) 119).
"""

from collections.abc import Iterator

import numpy as np

from fastsim.stats.paired import Sums


def exchanged(
    real: Sums, generated: Sums, groups: np.ndarray, draws: int, seed: int
) -> Iterator[tuple[Sums, Sums]]:
    """Yield both samples ``draws`` times, each group exchanged with probability 1/2.

    Args:
        real, generated: numerators and denominators (rows,), of the same rows.
        groups: (rows,): the rows of a group, which are not independent, go together.
        draws: how many times.
        seed: of the groups that are exchanged.
    """
    rng = np.random.default_rng(seed)
    values, index = np.unique(groups, return_inverse=True)
    for _ in range(draws):
        swap = (rng.random(len(values)) < 0.5)[index]
        yield tuple(
            tuple(np.where(swap, theirs, ours) for ours, theirs in zip(one, other, strict=True))
            for one, other in ((real, generated), (generated, real))
        )
