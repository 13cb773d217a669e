"""Compiled losses under data-parallel training, whose shares may be of any size."""

from functools import partialmethod

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.layers import bundles
from fastsim.bundles.models.wgan_gp import CriticLoss
from fastsim.engine.precision import compile_module


@pytest.fixture
def process_group():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def arguments(counts):
    """Return what the critic's loss takes of bundles with these numbers of muons."""
    counts, muons = torch.tensor(counts, dtype=torch.int64), sum(counts)
    known = bundles(torch.randn(len(counts), 4), counts, muons)
    return torch.randn(muons, 2), torch.randn(muons, 2), torch.rand(len(counts)), known


@pytest.mark.slow
@pytest.mark.usefixtures("process_group")
@pytest.mark.filterwarnings("ignore")
def test_compiled_losses_take_shares_of_any_size(monkeypatch, capsys):
    # as far as where graphs are cut; without a C++ compiler
    compiled = partialmethod(nn.Module.compile, backend="aot_eager")
    monkeypatch.setattr(nn.Module, "compile", compiled)
    torch.manual_seed(1)
    # beyond 1 MiB of weights, which DistributedDataParallel averages in two parts
    loss = CriticLoss(Critic(4, 128, 2, "epic"), "one-sided", 10.0, 8, "fp32")
    first = arguments([3, 1, 4, 1, 5, 9, 2, 6])
    compile_module(loss, lambda: loss(*first))
    assert capsys.readouterr().err == ""
    replicated = DistributedDataParallel(loss, gradient_as_bucket_view=True)
    for counts in ([2, 7, 1], [5], []):
        given = arguments(counts)
        value, _ = replicated(*given)
        torch.testing.assert_close(value, loss.forward(*given)[0])
        value.backward()
