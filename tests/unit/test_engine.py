"""Averaged weights, and a process alone."""

import pytest
import torch
from torch import nn

from fastsim.engine.distributed import process_group
from fastsim.engine.ema import Ema


def test_an_average_follows_its_formula():
    model = nn.Linear(1, 1)
    ema, average = Ema(model, 0.5), model.weight.item()
    for t in range(30):
        with torch.no_grad():
            model.weight.fill_(t)
        ema.update()
        decay = min(0.5, (1 + t) / (10 + t))
        average = decay * average + (1 - decay) * t
    assert ema.model.weight.item() == pytest.approx(average, rel=1e-5)
    assert not ema.model.weight.requires_grad


def test_an_average_goes_on_from_its_state():
    torch.manual_seed(1)
    model = nn.Linear(2, 2)
    whole, first = Ema(model, 0.9), Ema(model, 0.9)
    for _ in range(3):
        whole.update()
        first.update()
    second = Ema(nn.Linear(2, 2), 0.9)
    second.load_state_dict(first.state_dict())
    resumed = Ema(model, 0.9)
    resumed.load_state_dict(second.state_dict())
    with torch.no_grad():
        model.weight.add_(1.0)
    whole.update()
    resumed.update()
    assert torch.equal(resumed.model.weight, whole.model.weight)


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with process_group() as process:
        yield process


def test_without_torchrun_a_process_is_alone(alone):
    assert (alone.rank, alone.world_size, alone.is_main) == (0, 1, True)
    assert [alone.any(flag) for flag in (False, True)] == [False, True]
    assert alone.from_main(0.1) == 0.1
    values = torch.arange(3.0, device=alone.device)
    assert torch.equal(alone.sum(values), values)
    module = nn.Linear(1, 1)
    assert alone.replicate(module) is module


def test_what_is_gathered_is_a_copy(alone):
    values = torch.zeros(2)
    gathered = alone.gather(values)
    values += 1.0
    assert gathered[0].tolist() == [0.0, 0.0]
    assert alone.own(gathered, values).tolist() == [0.0, 0.0]
    # of more processes than there were when it was gathered
    assert alone.own([], values) is values


def test_random_numbers_go_on_from_their_state(alone):
    states = alone.random_states()
    expected = torch.rand(3)
    alone.set_random_states(states)
    assert torch.equal(torch.rand(3), expected)
    alone.set_random_states([])
    assert not torch.equal(torch.rand(3), expected)
