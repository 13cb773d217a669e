"""Streamed events: one window read ahead, bounded memory, no thread left behind."""

import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from event_files import STREAMED, epoch_of, filled_events, stream, take, write_files

from fastsim.data.shards import Shard, write_shard

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"


class Gate:
    """A ``prepare`` that counts its calls and can be made to wait, from call ``shut_at`` on."""

    def __init__(self, shut_at=0):
        self.calls = 0
        self.shut_at = shut_at
        self.open = threading.Event()
        self.open.set()

    def __call__(self, shard):
        self.calls += 1
        if self.calls == self.shut_at:
            self.open.clear()
        assert self.open.wait(30)
        return filled_events(shard)

    def reach(self, calls):
        """Wait until it was called so often."""
        deadline = time.monotonic() + 30
        while self.calls < calls:
            assert time.monotonic() < deadline
            time.sleep(0.001)


def reading_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("window")]


def wait_for_threads():
    deadline = time.monotonic() + 30
    while reading_threads():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_next_window_and_no_more_is_read_meanwhile(tmp_path):
    gate = Gate()
    paths = write_files(tmp_path, [[[1] * 6] * 8])
    batches = stream(paths, STREAMED, 12, prepare=gate)
    assert gate.calls == 8
    batches.next()
    # two blocks of this window, and two of the next, which nobody has asked for yet
    gate.reach(12)
    wait_for_threads()
    assert gate.calls == 12
    take(batches, 2)
    assert gate.calls == 12
    # what was read ahead is what is wanted, also at the end of an epoch: no block is read in vain
    for epoch in (1, 2):
        epoch_of(batches)
        wait_for_threads()
        assert gate.calls == 8 + 8 * epoch + 2


def test_time_waited_for_data_is_measured(tmp_path):
    paths = write_files(tmp_path, [[[1] * 6] * 8])
    gate = Gate()
    batches = stream(paths, STREAMED, 6, events=6, prepare=gate)
    assert batches.waited == 0
    gate.open.clear()
    threading.Timer(0.2, gate.open.set).start()
    batches.next()
    assert batches.waited > 0.1
    gate.reach(10)
    wait_for_threads()
    before, start = batches.waited, time.perf_counter()
    batches.next()
    assert 0 < batches.waited - before <= time.perf_counter() - start


@pytest.mark.parametrize("end", ["close", "collect", "load"])
def test_no_thread_outlives_the_stream(tmp_path, end, monkeypatch):
    wait_for_threads()
    gate = Gate(shut_at=50 + 25 + 1)
    batches = stream(write_files(tmp_path, [[[1] * 6] * 50]), STREAMED, 6 * 25, prepare=gate)
    batches.next()
    gate.reach(50 + 25 + 1)
    assert len(reading_threads()) == 1
    join = threading.Thread.join

    def open_and_join(thread, timeout=None):
        # it is joined once it was told to end
        gate.open.set()
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", open_and_join)
    calls = gate.calls
    if end == "close":
        batches.close()
    elif end == "collect":
        del batches
        gc.collect()
    else:
        # the window that is being read is not the one that is wanted now
        batches.load_state_dict(batches.state_dict() | {"position": 0})
        batches.next()
        batches.close()
        calls += 25 + 1
    assert not reading_threads()
    # it ended after the block at hand
    assert gate.calls <= calls + 1


MEASURE = """
import sys, time
from pathlib import Path
import torch
from fastsim.data.event_batches import EventBatches
from fastsim.data.flat_events import FlatEvents

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024

def batches(prepare, memory):
    return EventBatches([sys.argv[1]], points_column="muons", prepare=prepare,
        device=torch.device("cpu"), batch_events=2000, max_points=10**6, seed=1,
        shuffle_window=20_000, resident_memory=memory)
"""


def run(code, path):
    return subprocess.run(
        [sys.executable, "-c", MEASURE + code, str(path)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """80 blocks of 10,000 events of 16 points: 180 MB of tensors, 2 MB a block."""
    events, count = 10_000, 16
    block = Shard(
        np.ones((events, 4), np.float32),
        np.full(events, count, np.int32),
        np.ones((events * count, 3), np.float32),
    )
    path = tmp_path_factory.mktemp("large") / "large.parquet"
    write_shard(path, [block] * 80, {}, widths=(4, 3), points_column="muons")
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_streaming_takes_the_memory_of_a_few_windows(large_file):
    code = """
whole = batches(lambda shard: shard, 0)
before = status("VmRSS")
stream = batches(lambda shard: shard, 0)
while stream.epoch < 2:
    stream.next().gather(slice(None))
needed = FlatEvents.bytes_of(stream.events, stream.points, stream.widths)
print(stream.resident, needed, status("VmHWM") - before)
"""
    result = run(code, large_file)
    assert result.returncode == 0, result.stderr
    resident, needed, taken = result.stdout.split()
    assert resident == "False"
    # two windows of 4 MB, blocks on their way, and what the allocators keep
    assert int(needed) > 170e6
    assert int(taken) < int(needed) / 2


@pytest.mark.slow
def test_a_program_ends_while_a_window_is_being_read(large_file):
    code = """
calls = 0
def prepare(shard):
    global calls
    calls += 1
    time.sleep(0.05 if calls > 80 else 0.0)
    return shard
stream = batches(prepare, 0)
stream.next()
print("end", flush=True)
"""
    start = time.monotonic()
    result = run(code, large_file)
    assert (result.returncode, result.stdout, result.stderr) == (0, "end\n", "")
    assert time.monotonic() - start < 60
