"""Repeated rows of a shard: found as by a set, whatever the order in which rows come."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fastsim.bundles.events import Events
from fastsim.bundles.ingest.convert import Candidates
from fastsim.bundles.ingest.duplicates import Duplicates
from fastsim.data.splitting import hash_columns


def candidates(sightings: list[tuple[int, int]]) -> Candidates:
    """Return rows of showers at depths, all else empty."""
    shower_id, depth = np.array(sightings, dtype=np.uint64).reshape(-1, 2).T
    primaries = np.zeros((len(sightings), 4), dtype=np.float32)
    primaries[:, 3] = depth
    none = np.empty(0, dtype=np.float32)
    offsets = np.zeros(len(sightings) + 1, dtype=np.int64)
    key = hash_columns(shower_id, depth)
    events = Events(key, shower_id, primaries, offsets, none, none, none)
    known = np.ones(len(sightings), dtype=bool)
    return Candidates(0, primaries.astype(np.float64), events, known, {"sighting": key}, {})


def in_order(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return rows as files have them: a shower's together, by depth."""
    first = {shower: place for place, (shower, _) in reversed(list(enumerate(rows)))}
    return sorted(set(rows), key=lambda row: (first[row[0]], row[1]))


sightings = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=40)


@given(
    rows=st.one_of(sightings, sightings.map(in_order)),
    # where rows that are in order up to there begin to come again
    more=sightings,
    cuts=st.lists(st.integers(0, 80), max_size=6).map(sorted),
    data=st.data(),
)
def test_repeated_sightings_are_found_as_by_a_set(rows, more, cuts, data):
    rows = rows + more
    good = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    duplicates, seen = Duplicates(), set()
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        block, usable = rows[start:stop], good[start:stop]
        expected = []
        for row, is_good in zip(block, usable, strict=True):
            expected.append(is_good and row in seen)
            if is_good:
                seen.add(row)
        found = duplicates.find(candidates(block), np.array(usable, dtype=bool))
        np.testing.assert_array_equal(found, expected)
