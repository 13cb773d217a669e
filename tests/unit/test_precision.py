"""Width of numbers, determinism, and compilers that do not work."""

import os

import pytest
import torch
from torch import nn

from fastsim.engine.precision import (
    autocast,
    compile_module,
    set_numerics,
    wants_compilation,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_forward_passes_have_the_precision_asked_for(precision, dtype):
    layer = nn.Linear(2, 2)
    with autocast(CPU, precision):
        assert layer(torch.ones(1, 2)).dtype == dtype
    assert layer(torch.ones(1, 2)).dtype == torch.float32


@pytest.fixture
def numerics():
    yield
    torch.use_deterministic_algorithms(False)
    torch.autograd.set_detect_anomaly(False)


@pytest.mark.usefixtures("numerics")
def test_determinism_is_switched_on_for_all_operations(monkeypatch):
    # what the user has chosen stays
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    set_numerics(deterministic=False, detect_anomaly=False)
    assert not torch.are_deterministic_algorithms_enabled()
    set_numerics(deterministic=True, detect_anomaly=False)
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


@pytest.mark.usefixtures("numerics")
@pytest.mark.filterwarnings("ignore:Error detected in SqrtBackward0")
def test_an_anomaly_names_the_operation():
    set_numerics(deterministic=False, detect_anomaly=True)
    weight = torch.zeros(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="SqrtBackward0"):
        torch.sqrt(weight - 1.0).sum().backward()


@pytest.mark.parametrize(
    ("mode", "device", "wanted"),
    [("auto", "cpu", False), ("auto", "cuda", True), (True, "cpu", True), (False, "cuda", False)],
)
def test_compilation_is_for_gpus_unless_told(mode, device, wanted):
    assert wants_compilation(mode, torch.device(device)) is wanted


CALL = "_compiled_call_impl"


def trial(layer):
    values = layer(torch.ones(1, 2))
    return values.sum(), values


def compile_by(monkeypatch, compiled):
    """Try a compiler that makes this of a layer's forward; return the layer."""

    def take(self, **_):
        setattr(self, CALL, lambda x: compiled(self, x))

    monkeypatch.setattr(nn.Linear, "compile", take)
    layer = nn.Linear(2, 1)
    compile_module(layer, lambda: trial(layer))
    assert all(parameter.grad is None for parameter in layer.parameters())
    return layer


def broken(layer, x):
    raise RuntimeError("no C++ compiler\nand a long story")


def wrong_values(layer, x):
    return 1.1 * layer.forward(x)


def wrong_gradient(layer, x):
    return layer.forward(x) + 0.1 * (layer.weight - layer.weight.detach()).sum()


def not_a_number(layer, x):
    return layer.forward(x) * torch.nan


@pytest.mark.parametrize(
    ("compiled", "reason"),
    [
        (broken, "no C++ compiler"),
        (wrong_values, "the compiled network has other results"),
        (wrong_gradient, "the compiled network has other results"),
        (not_a_number, "the compiled network has other results"),
    ],
)
def test_without_a_working_compiler_it_goes_on_with_one_warning(
    monkeypatch, capsys, compiled, reason
):
    layer = compile_by(monkeypatch, compiled)
    assert getattr(layer, CALL) is None
    assert torch.equal(layer(torch.ones(1, 2)), layer.forward(torch.ones(1, 2)))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"warning: not compiled, and so slower ({reason})"]


def test_what_is_compiled_well_is_used(monkeypatch, capsys):
    layer = compile_by(monkeypatch, lambda layer, x: 1.001 * layer.forward(x))
    assert getattr(layer, CALL) is not None
    assert capsys.readouterr().err == ""
