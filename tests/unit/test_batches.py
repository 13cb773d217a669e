import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsim.data.batches import apportion, epoch_windows, runs, share

COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=80).map(np.array)
SIZES = st.lists(st.integers(0, 30), min_size=1, max_size=20).filter(any).map(np.array)
WINDOW = st.none() | st.integers(1, 200)
WEIGHTS = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=50).map(np.array)


def order_of(windows, sizes):
    """Return the events of an epoch, numbered block by block, in order."""
    number = np.split(np.arange(sizes.sum()), np.cumsum(sizes)[:-1])
    joined = [np.concatenate([number[block] for block in window.blocks]) for window in windows]
    order = [events[window.permutation()] for events, window in zip(joined, windows, strict=True)]
    return np.concatenate(order)


@given(SIZES, WINDOW, st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_has_every_event_once_in_windows_of_the_size_asked_for(sizes, window, seed, epoch):
    windows = epoch_windows(sizes, window, seed, epoch)
    assert sorted(order_of(windows, sizes)) == list(range(sizes.sum()))
    for one in windows:
        assert one.events == sizes[one.blocks].sum() > 0
    # the last block filled the window: without it there were too few
    for one in windows[:-1]:
        assert one.events - sizes[one.blocks[-1]] < window <= one.events
    assert window is None or len(windows) == 1 or windows[-1].events < window + sizes.max()


def test_one_window_is_one_permutation_of_all_events():
    sizes = np.array([3, 0, 9, 5])
    expected = np.random.default_rng((7, 2)).permutation(17)
    for window in (None, 17, 1000):
        windows = epoch_windows(sizes, window, seed=7, epoch=2)
        np.testing.assert_array_equal(order_of(windows, sizes), expected)


@pytest.mark.parametrize("window", [None, 20])
def test_order_is_a_function_of_seed_and_epoch(window):
    sizes = np.full(12, 6)
    first, again, epoch, seed = (
        order_of(epoch_windows(sizes, window, *label), sizes)
        for label in [(1, 0), (1, 0), (1, 1), (2, 0)]
    )
    np.testing.assert_array_equal(first, again)
    assert (first != epoch).any()
    assert (first != seed).any()


def test_blocks_are_mixed_and_every_window_has_an_order_of_its_own():
    sizes = np.full(40, 10)
    windows = epoch_windows(sizes, 100, seed=1, epoch=0)
    assert (np.diff(np.concatenate([window.blocks for window in windows])) != 1).any()
    orders = [tuple(window.permutation()) for window in windows]
    assert len(set(orders)) == len(orders) == 4


def test_without_weights_windows_are_shuffled_by_seeds_of_their_own():
    sizes = np.array([4, 0, 6, 5, 3, 7])
    windows = epoch_windows(sizes, 8, seed=3, epoch=1)
    blocks = np.random.default_rng((3, 1)).permutation([0, 2, 3, 4, 5])
    np.testing.assert_array_equal(np.concatenate([window.blocks for window in windows]), blocks)
    seeds = np.random.SeedSequence((3, 1)).spawn(len(windows))
    for window, seed in zip(windows, seeds, strict=True):
        expected = np.random.default_rng(seed).permutation(sizes[window.blocks].sum())
        np.testing.assert_array_equal(window.permutation(), expected)


def rounded(numbers, exact):
    """Return whether every number is the exact one rounded down or up."""
    # exact up to the rounding of floats
    slack = 1e-9 * (1.0 + exact)
    return ((np.floor(exact - slack) <= numbers) & (numbers <= np.ceil(exact + slack))).all()


@given(WEIGHTS, st.integers(0, 1000), st.floats(0, 1, exclude_max=True))
def test_what_is_apportioned_is_the_share_rounded(weights, total, offset):
    numbers = apportion(weights, total, offset)
    assert numbers.dtype == np.int64
    assert numbers.sum() == total
    assert rounded(numbers, total * weights / weights.sum())


def weighted_windows(sizes, window, weights, seed, epoch):
    """Return the windows, the numbers of the events that each holds, and those that it draws."""
    number = np.split(np.arange(sizes.sum()), np.cumsum(sizes)[:-1])
    sums = np.array([weights[events].sum() for events in number])
    windows = epoch_windows(sizes, window, seed, epoch, sums)
    held = [np.concatenate([number[block] for block in one.blocks]) for one in windows]
    drawn = [events[one.draw(weights[events])] for one, events in zip(windows, held, strict=True)]
    return windows, held, drawn


@given(SIZES, WINDOW, st.integers(0, 5), st.integers(0, 5))
def test_weighted_draws_of_an_epoch_are_as_many_as_events(sizes, window, seed, epoch):
    # over eight decades, so that most windows of rare events have no draw
    weights = 10.0 ** np.random.default_rng(seed).uniform(-4, 4, sizes.sum())
    windows, held, drawn = weighted_windows(sizes, window, weights, seed, epoch)
    assert sum(map(len, drawn)) == sizes.sum()
    for one, events, draws in zip(windows, held, drawn, strict=True):
        share_of_all = weights[events].sum() / weights.sum()
        assert 0 < one.events == len(draws)
        assert rounded(one.events, sizes.sum() * share_of_all)
        times = np.bincount(draws, minlength=sizes.sum())[events]
        assert rounded(times, one.events * weights[events] / weights[events].sum())


@given(SIZES, WINDOW, st.integers(0, 5))
def test_equal_weights_draw_every_event_once(sizes, window, seed):
    _, _, drawn = weighted_windows(sizes, window, np.full(sizes.sum(), 0.3), seed, 0)
    assert sorted(np.concatenate(drawn)) == list(range(sizes.sum()))


@pytest.mark.parametrize("window", [None, 9])
def test_over_many_epochs_events_are_drawn_in_proportion_to_their_weights(window):
    sizes, epochs = np.array([5, 3, 0, 8, 4, 6]), 4000
    weights = 10.0 ** np.random.default_rng(2).uniform(-1, 1, sizes.sum())
    times = np.zeros(sizes.sum())
    for epoch in range(epochs):
        _, _, drawn = weighted_windows(sizes, window, weights, 1, epoch)
        times += np.bincount(np.concatenate(drawn), minlength=sizes.sum())
    expected = sizes.sum() * weights / weights.sum()
    assert expected.min() < 0.2
    assert expected.max() > 2.0
    # each epoch rounds down or up, twice if there are windows: an rms below 1/2 each time
    np.testing.assert_allclose(times / epochs, expected, rtol=0, atol=5 * 0.7 / epochs**0.5)


def test_a_window_without_draws_is_left_out_and_may_have_some_in_another_epoch():
    sizes, sums = np.array([4, 4, 4]), np.array([1.0, 100.0, 100.0])
    epochs = [epoch_windows(sizes, 4, 1, epoch, sums) for epoch in range(200)]
    has_rare = [any(0 in window.blocks for window in windows) for windows in epochs]
    # its share is 12 / 201
    assert 3 < sum(has_rare) < 25
    for windows in epochs:
        assert sum(window.events for window in windows) == 12


def test_draws_are_mixed_and_a_function_of_seed_and_epoch():
    sizes, weights = np.full(12, 6), np.linspace(1.0, 5.0, 72)
    first, again, epoch, seed = (
        np.concatenate(weighted_windows(sizes, 20, weights, *label)[2])
        for label in [(1, 0), (1, 0), (1, 1), (2, 0)]
    )
    np.testing.assert_array_equal(first, again)
    assert (first != epoch).any()
    assert (first != seed).any()
    (draws,) = weighted_windows(sizes, None, weights, 1, 0)[2]
    assert (np.diff(draws) < 0).sum() > 20


@given(COUNTS, st.integers(1, 20), st.integers(1, 100))
def test_batches_keep_the_order_and_the_budget(counts, events, budget):
    batches = [counts[part] for part in runs(counts, events, budget)]
    np.testing.assert_array_equal(np.concatenate(batches), counts)
    for batch, following in zip(batches, [*batches[1:], None], strict=True):
        assert 1 <= len(batch) <= events
        assert len(batch) == 1 or batch.sum() <= budget
        if following is not None and len(batch) < events:
            # it ended because the next event did not fit
            assert batch.sum() + following[0] > budget


@given(COUNTS, st.integers(1, 20), st.integers(1, 100), st.data())
def test_begun_where_a_batch_ended_the_same_batches_follow(counts, events, budget, data):
    whole = list(runs(counts, events, budget))
    done = data.draw(st.sampled_from(whole)).stop
    rest = [
        slice(done + part.start, done + part.stop) for part in runs(counts[done:], events, budget)
    ]
    assert rest == [part for part in whole if part.start >= done]


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
