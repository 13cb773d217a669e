import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsim.data.batches import BatchStream, runs, share

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=80).map(np.array)


def epoch_of(stream, events):
    """Return the batches of the stream's next epoch."""
    batches = [stream.next()]
    while stream.position < events:
        batches.append(stream.next())
    return batches


@given(COUNTS, st.integers(1, 20), st.integers(1, 100), st.integers(0, 5))
def test_an_epoch_has_every_event_once_within_the_budget(counts, events, budget, seed):
    stream = BatchStream(counts, events, budget, seed)
    for _ in range(2):
        batches = epoch_of(stream, len(counts))
        assert sorted(np.concatenate(batches)) == list(range(len(counts)))
        for batch, following in zip(batches, [*batches[1:], None], strict=True):
            assert 1 <= len(batch) <= events
            assert len(batch) == 1 or counts[batch].sum() <= budget
            if following is not None and len(batch) < events:
                # it ended because the next event did not fit
                assert counts[batch].sum() + counts[following[0]] > budget


def test_order_is_a_function_of_seed_and_epoch():
    counts = np.ones(50, dtype=int)
    first, again, other = (BatchStream(counts, 50, 1000, seed) for seed in (1, 1, 2))
    a = [first.next() for _ in range(2)]
    np.testing.assert_array_equal(a, [again.next() for _ in range(2)])
    assert (a[0] != a[1]).any()
    assert (a[0] != other.next()).any()


@given(COUNTS, st.integers(1, 20), st.integers(1, 100), st.integers(0, 40))
def test_a_resumed_stream_goes_on_across_epochs(counts, events, budget, done):
    undisturbed = BatchStream(counts, events, budget, 1)
    for _ in range(done):
        undisturbed.next()
    resumed = BatchStream(counts, events, budget, 1)
    resumed.load_state_dict(undisturbed.state_dict())
    for _ in range(10):
        np.testing.assert_array_equal(resumed.next(), undisturbed.next())


def test_a_giant_event_is_a_batch_of_its_own():
    assert list(runs(np.array([3, 500, 4, 4]), 8, 10)) == [slice(0, 1), slice(1, 2), slice(2, 4)]


@given(COUNTS, st.integers(1, 6))
def test_shares_cover_the_batch_and_are_about_equal(counts, world_size):
    shares = [share(counts, rank, world_size) for rank in range(world_size)]
    taken = np.concatenate([np.arange(len(counts))[part] for part in shares])
    np.testing.assert_array_equal(taken, np.arange(len(counts)))
    for part in shares:
        assert counts[part].sum() <= counts.sum() / world_size + counts.max()


def test_one_event_leaves_the_other_processes_without():
    shares = [share(np.array([900]), rank, 3) for rank in range(3)]
    assert sorted(part.stop - part.start for part in shares) == [0, 0, 1]


@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_equal_events_are_shared_equally(world_size):
    sizes = [share(np.full(8, 5), rank, world_size) for rank in range(world_size)]
    assert {part.stop - part.start for part in sizes} == {8 // world_size}
