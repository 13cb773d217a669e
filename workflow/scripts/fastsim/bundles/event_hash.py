"""A fingerprint of events: rows that are the same in the same order have the same."""

import hashlib

import numpy as np

from fastsim.bundles.events import Events


class EventHash:
    """SHA-256 of events, however they are cut into blocks."""

    def __init__(self) -> None:
        # ids, primaries, counts and the columns of muons: a stream each
        self._streams = [hashlib.sha256() for _ in range(7)]

    def add(self, events: Events) -> None:
        """Take the next block."""
        columns = (events.event_id, events.shower_id, events.primaries, events.counts)
        for stream, values in zip(self._streams, (*columns, *events.muon_columns), strict=True):
            stream.update(np.ascontiguousarray(values))

    def hexdigest(self) -> str:
        """Return the fingerprint of all blocks taken."""
        whole = hashlib.sha256()
        for stream in self._streams:
            whole.update(stream.digest())
        return whole.hexdigest()
