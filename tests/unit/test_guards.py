"""Numbers that are none end a training or are counted; a lack of memory names what to change."""

import numpy as np
import pytest
import torch

from fastsim.engine.guards import NonFinite, explain_out_of_memory, peak_memory
from fastsim.errors import InputError

GOOD, BAD = torch.tensor(False), torch.tensor(True)


def test_the_first_bad_update_is_named_and_the_checkpoint_before_it(tmp_path):
    guard = NonFinite("stop")
    guard.add("step 1, events 0: critic", GOOD)
    guard.check(None)
    guard.add("step 2, events 8: critic", BAD)
    guard.add("step 3, events 16: critic", BAD)
    with pytest.raises(InputError, match="step 2, events 8: critic: ") as error:
        guard.check(tmp_path / "step-000000001.pt")
    assert str(tmp_path / "step-000000001.pt") in str(error.value)
    assert "\n" not in str(error.value)


def test_without_a_checkpoint_that_is_said():
    guard = NonFinite("stop")
    guard.add("step 1", BAD)
    with pytest.raises(InputError, match="not written yet"):
        guard.check(None)


def test_skipped_updates_are_counted_once():
    guard = NonFinite("skip")
    for bad in (GOOD, BAD, BAD):
        guard.add("step", bad)
    for _ in range(2):
        guard.check(None)
    guard.add("step", BAD)
    guard.check(None)
    assert guard.skipped == 3


@pytest.mark.parametrize("allocate", [np.empty, torch.empty])
def test_a_lack_of_memory_names_the_keys(allocate):
    with (
        pytest.raises(InputError, match=r"out of memory, \d+ MiB .* lower width or depth$"),
        explain_out_of_memory("width or depth"),
    ):
        # more than any machine has
        allocate(2**52)


def test_other_errors_are_left_alone():
    with pytest.raises(RuntimeError, match="size"), explain_out_of_memory("width"):
        torch.zeros(2) + torch.zeros(3)


def test_the_peak_is_not_below_what_is_in_use():
    before = peak_memory()
    block = np.ones(2**25)
    assert peak_memory() >= max(before, block.nbytes)
