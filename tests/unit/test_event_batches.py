"""Batches from resident and from streamed events: the same, each event once, resumed exactly."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from event_files import RESIDENT, STREAMED, by_points, epoch_of, stream, take, write_files
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsim.data import event_batches
from fastsim.data.batches import share
from fastsim.data.shards import Shard, read_shards, write_shard
from fastsim.errors import InputError

# points per event of each block of each file
FILES = st.lists(
    st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=4), min_size=1, max_size=3
).filter(lambda files: any(count for blocks in files for counts in blocks for count in counts))
UNEVEN = [[[3, 0, 1, 8], [2]], [[5, 5, 0, 1, 40, 2, 7], [0, 0], [1, 1, 6]], [[4, 9]]]


def assert_same(found, expected):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.fixture
def paths(tmp_path):
    return write_files(tmp_path, UNEVEN)


@settings(max_examples=40)
@given(
    FILES,
    st.integers(1, 60),
    st.integers(1, 6),
    st.integers(1, 30),
    st.integers(0, 3),
    st.sampled_from([None, by_points]),
)
def test_residence_changes_no_batch(tmp_path_factory, files, window, events, budget, seed, weigh):
    paths = write_files(tmp_path_factory.mktemp("shards"), files)
    resident, streamed = (
        stream(paths, memory, window, events=events, budget=budget, seed=seed, weigh=weigh)
        for memory in (RESIDENT, STREAMED)
    )
    assert resident.resident
    assert not streamed.resident
    number = 2 * resident.events
    assert_same(take(streamed, number), take(resident, number))
    assert streamed.state_dict() == resident.state_dict()
    streamed.close()


@settings(max_examples=40)
@given(FILES, st.none() | st.integers(1, 60), st.sampled_from([RESIDENT, STREAMED]))
def test_an_epoch_has_each_event_once_with_its_own_points(tmp_path_factory, files, window, memory):
    counts = np.concatenate([counts for blocks in files for counts in blocks]).astype(int)
    batches = stream(write_files(tmp_path_factory.mktemp("shards"), files), memory, window)
    assert (batches.events, batches.points) == (np.count_nonzero(counts), counts.sum())
    for _ in range(2):
        seen = []
        for batch in epoch_of(batches):
            conditions, lengths, points = batch.gather(slice(None))
            assert 1 <= len(lengths) <= 4
            assert len(lengths) == 1 or len(points) <= 30
            np.testing.assert_array_equal(batch.counts, lengths.numpy())
            ids = conditions[:, 0].long().numpy()
            seen += ids.tolist()
            np.testing.assert_array_equal(counts[ids], lengths.numpy())
            place = np.concatenate([np.arange(count) for count in batch.counts])
            expected = np.column_stack([np.repeat(ids, batch.counts), place])
            np.testing.assert_array_equal(points.numpy(), expected)
        assert sorted(seen) == np.flatnonzero(counts).tolist()
    batches.close()


@settings(max_examples=40)
@given(FILES, st.none() | st.integers(1, 60), st.sampled_from([RESIDENT, STREAMED]))
def test_weighted_an_epoch_has_as_many_draws_each_with_its_own_points(
    tmp_path_factory, files, window, memory
):
    counts = np.concatenate([counts for blocks in files for counts in blocks]).astype(int)
    paths = write_files(tmp_path_factory.mktemp("shards"), files)
    batches = stream(paths, memory, window, weigh=by_points)
    for _ in range(2):
        seen = []
        for batch in epoch_of(batches):
            conditions, lengths, points = batch.gather(slice(None))
            assert len(lengths) == 1 or len(points) <= 30
            ids = conditions[:, 0].long().numpy()
            seen += ids.tolist()
            np.testing.assert_array_equal(counts[ids], lengths.numpy())
            np.testing.assert_array_equal(points[:, 0], np.repeat(ids, lengths))
        assert len(seen) == batches.events
        if window is None or window >= batches.events:
            exact = batches.events * counts**2 / (counts**2).sum()
            times = np.bincount(seen, minlength=len(counts))
            assert (abs(times - exact) < 1.0 + 1e-9).all()
    batches.close()


def test_without_a_window_an_epoch_is_one_permutation_of_all_events(paths):
    batches = stream(paths, RESIDENT, events=1000, budget=1000, seed=5)
    counts = np.concatenate([counts for blocks in UNEVEN for counts in blocks])
    filled = np.flatnonzero(counts)
    for epoch in range(3):
        conditions, _, _ = batches.next().gather(slice(None))
        order = np.random.default_rng((5, epoch)).permutation(len(filled))
        np.testing.assert_array_equal(conditions[:, 0], filled[order])


@pytest.mark.parametrize("memory", [RESIDENT, STREAMED])
@pytest.mark.parametrize("window", [None, 6])
@pytest.mark.parametrize("weigh", [None, by_points])
def test_a_resumed_stream_goes_on_anywhere(paths, memory, window, weigh):
    undisturbed = stream(paths, memory, window, weigh=weigh)
    states, expected = [], []
    # two epochs and a little
    while undisturbed.epoch < 2 or undisturbed.position < 5:
        states.append(json.loads(json.dumps(undisturbed.state_dict())))
        expected += take(undisturbed, 1)
    assert {state["epoch"] for state in states} == {0, 1, 2}
    expected += take(undisturbed, 3)
    resumed = stream(paths, memory, window, weigh=weigh)
    for done, state in reversed(list(enumerate(states))):
        resumed.load_state_dict(state)
        assert_same(take(resumed, len(expected) - done), expected[done:])


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
@pytest.mark.parametrize("memory", [RESIDENT, STREAMED])
def test_processes_share_what_is_drawn_by_weight(paths, memory, world_size):
    whole = stream(paths, memory, 6, budget=12, weigh=by_points)
    ranks = [stream(paths, memory, 6, budget=12, weigh=by_points) for _ in range(world_size)]
    for _ in range(20):
        joint = [batches.next() for batches in ranks]
        parts = [
            batch.gather(share(batch.counts, rank, world_size)) for rank, batch in enumerate(joint)
        ]
        assert_same([tuple(map(torch.cat, zip(*parts, strict=True)))], take(whole, 1))


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
@pytest.mark.parametrize("memory", [RESIDENT, STREAMED])
def test_processes_share_an_epoch_without_loss_or_repetition(paths, memory, world_size):
    ranks = [stream(paths, memory, 6, budget=12) for _ in range(world_size)]
    counts = np.concatenate([counts for blocks in UNEVEN for counts in blocks])
    for _ in range(3):
        seen = []
        for joint in zip(*map(epoch_of, ranks), strict=True):
            for rank, batch in enumerate(joint):
                conditions, lengths, points = batch.gather(share(batch.counts, rank, world_size))
                seen += conditions[:, 0].tolist()
                assert len(points) == lengths.sum()
                assert len(points) <= batch.counts.sum() / world_size + batch.counts.max()
        assert sorted(seen) == np.flatnonzero(counts).tolist()


def test_parts_of_a_batch_are_rows_of_the_whole_and_may_be_empty(paths):
    batch = stream(paths, RESIDENT, events=7, budget=100).next()
    conditions, lengths, points = batch.gather(slice(None))
    parts = [batch.gather(part) for part in (slice(0, 2), slice(2, 2), slice(2, 7))]
    assert_same([tuple(map(torch.cat, zip(*parts, strict=True)))], [(conditions, lengths, points)])
    assert [tuple(tensor.shape) for tensor in parts[1]] == [(0, 2), (0,), (0, 2)]


def test_events_are_resident_when_their_tensors_fit(paths, monkeypatch):
    batches = stream(paths, RESIDENT)
    # two conditions, count and place; two components
    needed = batches.events * (2 * 4 + 8 + 8) + batches.points * 2 * 4
    assert stream(paths, needed).resident
    assert not stream(paths, needed - 1).resident
    # by default, half of what is free
    for free, resident in ((2 * needed, True), (2 * needed - 1, False)):
        monkeypatch.setattr(event_batches, "free_memory", lambda device, free=free: free)
        assert stream(paths, None).resident == resident


def test_what_neither_fits_nor_has_a_window_is_shuffled_in_default_windows(paths, monkeypatch):
    monkeypatch.setattr(event_batches, "STREAMED_WINDOW", 6)
    streamed = stream(paths, STREAMED, None)
    assert_same(take(streamed, 20), take(stream(paths, RESIDENT, 6), 20))


def test_a_stream_goes_on_where_more_memory_is_free_and_says_so_where_too_little_is(
    paths, monkeypatch
):
    monkeypatch.setattr(event_batches, "STREAMED_WINDOW", 6)
    streamed, resident = stream(paths, STREAMED, None), stream(paths, RESIDENT, None)
    take(streamed, 3)
    resident.load_state_dict(streamed.state_dict())
    assert_same(take(resident, 20), take(streamed, 20))
    state = stream(paths, RESIDENT, None).state_dict()
    with pytest.raises(InputError, match=r"^resident_memory: .* all \d+ events .* take 1 MiB, .*$"):
        stream(paths, STREAMED, None).load_state_dict(state)


def test_events_that_fit_into_one_window_are_the_same_wherever_they_are(paths):
    state = stream(paths, STREAMED, None).state_dict()
    for memory, window in ((STREAMED, None), (RESIDENT, None), (RESIDENT, 1000)):
        batches = stream(paths, memory, window)
        batches.load_state_dict(state)
        assert_same(take(batches, 9), take(stream(paths, STREAMED, 1000), 9))


def change(path, content):
    """Replace a file at once, as nobody reads half a file."""
    (path.parent / "new").write_bytes(content)
    (path.parent / "new").replace(path)


def shorter(path):
    (path.parent / "short").mkdir()
    (short,) = write_files(path.parent / "short", [[[1, 2]]])
    return short.read_bytes()


def wider(path):
    shard = read_shards([path], points_column="muons")
    blocks = [shard.select(np.arange(len(shard)) == event) for event in range(len(shard))]
    blocks = [replace(block, conditions=np.ones((1, 3), np.float32)) for block in blocks]
    write_shard(path.parent / "wide", blocks, {}, widths=(3, 3), points_column="muons")
    return (path.parent / "wide").read_bytes()


def broken(path):
    """Return the file with nothing but zeros before its footer."""
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    return content[:4] + bytes(len(content) - footer - 4) + content[-footer:]


def no_footer(path):
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    return content[:-footer] + bytes(footer - 8) + content[-8:]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (None, "cannot be read as Parquet"),
        (shorter, r"row group \d+ has changed since it was first read"),
        (wider, r"row group \d+ has changed since it was first read"),
        (no_footer, "cannot be read as Parquet"),
        (broken, r"row group \d+ is broken"),
    ],
)
def test_a_file_lost_on_the_way_is_told_in_one_line(tmp_path, changed, message):
    (path,) = write_files(tmp_path, [[[count] for count in range(1, 16)]])
    batches = stream([path], STREAMED, 1)
    take(batches, 1)
    if changed is None:
        path.unlink()
    else:
        change(path, changed(path))
    with pytest.raises(InputError, match=message) as error:
        take(batches, batches.events)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_files_without_a_usable_event_are_refused(tmp_path):
    paths = write_files(tmp_path, [[[0, 0]], [[0]]])
    with pytest.raises(InputError, match=r"0\.parquet \.\.\. .*1\.parquet: 3 events, none of use"):
        stream(paths, RESIDENT)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"0\.parquet: 0 events, none of use"):
        stream(write_files(tmp_path / "empty", [[]]), RESIDENT)


def test_shards_of_other_widths_are_refused(tmp_path, paths):
    shard = Shard(np.zeros((1, 5), np.float32), np.ones(1, np.int32), np.zeros((1, 3), np.float32))
    write_shard(tmp_path / "wide.parquet", [shard], {}, widths=(5, 3), points_column="muons")
    with pytest.raises(InputError, match=r"0\.parquet and .*wide\.parquet: .* widths"):
        stream([*paths, tmp_path / "wide.parquet"], RESIDENT)
