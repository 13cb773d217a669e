"""Updates of a network: rates, accumulation, clipping, what is left out, and going on later."""

import io
import math

import pytest
import torch
from torch import nn

from fastsim.engine.config import TrainingConfig
from fastsim.engine.optimization import Optimization

RATE, UPDATES, END = 0.1, 40, 0.05
OPTIMIZERS = ("adamw", "adam", "sgd")
SCHEDULERS = ("constant", "cosine", "linear", "exponential", "step", "plateau")


class Slope(nn.Module):
    """A network of one weight whose loss has the gradient that it is told."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, slope):
        return slope * self.weight


def optimization(network, updates=UPDATES, world_size=1, precision="fp32", **settings):
    config = TrainingConfig(**settings)
    return Optimization(network, config, RATE, config, updates, world_size, precision)


def rates(updates=UPDATES, scores=(), **settings):
    """Return how far each update really moves the weight, at a gradient of 1."""
    network = Slope()
    by = optimization(network, updates, optimizer="sgd", momentum=0.0, **settings)
    found = []
    for update in range(updates):
        before = network.weight.item()
        by.add(network(1.0))
        by.update()
        found.append(before - network.weight.item())
        if update < len(scores):
            by.evaluated(scores[update])
    return found


COURSES = {
    "constant": lambda t, total: 1.0,
    "cosine": lambda t, total: END + (1.0 - END) * (1.0 + math.cos(math.pi * t / total)) / 2.0,
    "linear": lambda t, total: 1.0 + (END - 1.0) * t / total,
    "exponential": lambda t, total: END ** (t / total),
    "step": lambda t, total: 0.3 ** (t // round(0.25 * total)),
    "plateau": lambda t, total: 1.0,
}


@pytest.mark.parametrize("scheduler", COURSES)
@pytest.mark.parametrize(
    ("warmup", "settings"),
    [
        (0, {}),
        (5, {"warmup_steps": 5}),
        (8, {"warmup_steps": 5, "warmup_ratio": 0.2}),
        (1, {"warmup_ratio": 0.001}),
    ],
)
def test_each_update_has_the_rate_of_the_formula(scheduler, warmup, settings):
    course = COURSES[scheduler]
    expected = [(update + 1) / (warmup + 1) for update in range(warmup)]
    expected += [course(t, UPDATES - warmup) for t in range(UPDATES - warmup)]
    found = rates(scheduler=scheduler, final_ratio=END, **settings)
    assert found == pytest.approx([RATE * factor for factor in expected], rel=1e-9)


def test_a_linear_course_may_end_at_zero():
    assert rates(4, scheduler="linear") == pytest.approx([0.1, 0.075, 0.05, 0.025])


def test_a_warm_up_longer_than_the_training_is_all_there_is():
    assert rates(3, warmup_steps=9) == pytest.approx([0.01, 0.02, 0.03])


def test_a_plateau_waits_for_the_warm_up():
    settings = {"scheduler": "plateau", "plateau_patience": 0, "drop_factor": 0.5}
    found = rates(12, [1.0] * 12, warmup_steps=10, **settings)
    assert found[:11] == pytest.approx([RATE * (i + 1) / 11 for i in range(11)])
    # the score at its end is the first to beat
    assert found[11] == pytest.approx(RATE / 2)


def test_a_plateau_lowers_the_rate_when_the_score_stays():
    settings = {"scheduler": "plateau", "plateau_patience": 1, "drop_factor": 0.5}
    #               best  worse  drop  best  less than min_delta better: drop
    scores = [1.0, 1.0, 1.0, 0.5, 0.45, 0.42, 0.42]
    found = rates(8, scores, **settings, min_delta=0.1)
    assert found == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025])
    # a score that is no number is no improvement
    assert rates(4, [1.0, math.nan, math.nan], **settings)[-1] == pytest.approx(0.05)
    # scores below zero improve downwards too
    assert rates(5, [-1.0, -2.0, -3.0, -4.0], **settings)[-1] == pytest.approx(0.1)


def linear():
    torch.manual_seed(1)
    return nn.Linear(3, 2).double()


def squares(network, rows):
    points = torch.linspace(-1.0, 2.0, 36, dtype=torch.float64).reshape(12, 3)[rows]
    return network(points).square().sum()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_accumulated_batches_are_one_large_batch(optimizer):
    whole, parts = linear(), linear()
    at_once = optimization(whole, optimizer=optimizer)
    in_three = optimization(parts, optimizer=optimizer, accumulate=3)
    for _ in range(3):
        at_once.add(squares(whole, slice(0, 12)) / 12)
        for start in (0, 4, 8):
            in_three.add(squares(parts, slice(start, start + 4)) / 4)
        at_once.update()
        in_three.update()
        torch.testing.assert_close(
            in_three.gradient_norm, at_once.gradient_norm, rtol=1e-14, atol=0
        )
    for a, b in zip(parts.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-15)


def test_a_loss_is_a_share_of_a_sum_over_processes():
    network = Slope()
    # gradients of two processes are averaged, and the loss is the sum
    by = optimization(network, optimizer="sgd", scheduler="constant", world_size=2)
    by.add(network(1.0))
    by.update()
    assert network.weight.item() == pytest.approx(-2 * RATE)


@pytest.mark.parametrize(("slope", "moved"), [(0.5, 0.5), (-7.0, -2.0)])
def test_a_gradient_is_clipped_to_its_largest_norm(slope, moved):
    network = Slope()
    by = optimization(network, optimizer="sgd", momentum=0.0, gradient_clip=2.0)
    by.add(network(slope))
    by.update()
    assert network.weight.item() == pytest.approx(-RATE * moved, rel=1e-5)
    assert by.gradient_norm.item() == pytest.approx(abs(slope))


BAD = {
    "gradient nan": lambda weight: torch.sqrt(weight * 0.0),
    "gradient inf": lambda weight: (weight - weight.detach()) * 3e38 * 10.0,
    "loss nan": lambda weight: weight + math.nan,
    "loss inf": lambda weight: weight - math.inf,
}


def course_of(losses, **settings):
    """Return the weight after each update, one for each list of batches' losses."""
    network = nn.ParameterDict({"weight": torch.tensor([0.3, -0.2])})
    weight = network["weight"]
    by = optimization(network, scheduler="constant", weight_decay=0.1, **settings)
    weights, left_out = [], []
    for batches in losses:
        for loss in batches:
            by.add(loss(weight).sum())
        left_out.append(bool(by.update()))
        weights.append(weight.detach().clone())
    return weights, left_out


def good(weight):
    return (weight - 1.0).square()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("clip", [None, 0.1])
def test_an_update_that_is_not_finite_leaves_no_trace(optimizer, bad, before, clip):
    settings = {"optimizer": optimizer, "gradient_clip": clip, "accumulate": 2}
    updates = [[good, good]] * before
    expected, _ = course_of([*updates, [good, good], [good, good]], **settings)
    disturbed = [*updates, [good, BAD[bad]], [good, good], [good, good]]
    weights, left_out = course_of(disturbed, **settings)
    assert left_out == [False] * before + [True, False, False]
    start = weights[before - 1] if before else torch.tensor([0.3, -0.2])
    assert torch.equal(weights[before], start)
    assert torch.equal(weights[before + 1], expected[before])
    assert torch.equal(weights[before + 2], expected[before + 1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_scale_of_fp16_changes_nothing(optimizer):
    settings = {"optimizer": optimizer, "gradient_clip": 0.5, "accumulate": 2}
    plain, _ = course_of([[good, good]] * 4, **settings)
    scaled, left_out = course_of([[good, good]] * 4, precision="fp16", **settings)
    assert torch.equal(torch.stack(plain), torch.stack(scaled))
    assert not any(left_out)


def test_fp16_finds_a_scale_that_does_not_overflow_without_a_word():
    def steep(weight):
        return 1e34 * weight

    weights, left_out = course_of([[steep]] * 6, optimizer="sgd", precision="fp16")
    # 2^16 is the first scale
    fitting = next(n for n in range(17) if 1e34 * 2.0 ** (16 - n) < torch.finfo().max)
    assert not any(left_out)
    start = torch.tensor([0.3, -0.2])
    assert [torch.equal(weight, start) for weight in weights] == [n < fitting for n in range(6)]


def test_fp16_does_not_take_everything_for_an_overflow():
    _, left_out = course_of([[BAD["gradient nan"]]] * 20, precision="fp16")
    assert left_out.index(True) == 17


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(
    ("optimizer", "precision"), [("adamw", "fp32"), ("sgd", "fp32"), ("adam", "fp16")]
)
def test_a_saved_state_goes_on_bit_for_bit(scheduler, optimizer, precision):
    settings = {
        "optimizer": optimizer,
        "scheduler": scheduler,
        "final_ratio": END,
        "plateau_patience": 0,
        "warmup_steps": 4,
    }

    def start():
        network = linear().float()
        return network, optimization(network, 12, precision=precision, **settings)

    def go_on(network, by, updates):
        points = torch.linspace(-1.0, 2.0, 36).reshape(12, 3)
        course = []
        for update in updates:
            by.add(network(points[update]).square().sum())
            by.update()
            by.evaluated(1.0)
            course.append(by.learning_rate)
        return course

    network, by = start()
    undisturbed = go_on(network, by, range(12))
    for stop in (2, 4, 5, 9):
        first, by = start()
        course = go_on(first, by, range(stop))
        file = io.BytesIO()
        torch.save({"network": first.state_dict(), "by": by.state_dict()}, file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
        second, by = start()
        second.load_state_dict(state["network"])
        by.load_state_dict(state["by"])
        assert course + go_on(second, by, range(stop, 12)) == undisturbed
        for a, b in zip(second.parameters(), network.parameters(), strict=True):
            assert torch.equal(a, b)
