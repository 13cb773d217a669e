"""One depth of every shower: rows that are independent draws."""

import numpy as np

from fastsim.bundles.events import Events
from fastsim.data.counter_random import uniforms

# streams 0 to 3 belong to the generation, 16 to 18 to the lookups
_STREAM = 19


def one_depth(events: Events, seed: int) -> np.ndarray:
    """Return the rows, int64 (showers,) ascending, of one random event of every shower.

    A shower seen at twelve depths gives twelve bundles much alike, one chance to differ and not
    twelve. The choice depends on ``seed`` and event ids alone, so that it is the same in simulated
    and generated events. Numbers of muons must play no part in it: a simulated shower rich in
    muons is rich at all its depths, generated ones are drawn depth by depth, so that one among
    the bundles of, say, N >= 30 would be another choice in either sample, and seen by a
    classifier though every bundle were perfect. Select by N afterwards.
    """
    draw = uniforms(seed, events.event_id, 1, stream=_STREAM)[:, 0]
    order = np.lexsort((draw, events.shower_id))
    _, first = np.unique(events.shower_id[order], return_index=True)
    return np.sort(order[first])
