"""The course of a training, on a regression that takes milliseconds: killed, told to end, stuck."""

import math
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fastsim.engine.checkpoint import Checkpoints
from fastsim.engine.config import TrainingConfig
from fastsim.engine.distributed import Process
from fastsim.engine.loop import Evaluation, Loop, Plan
from fastsim.engine.optimization import Optimization
from fastsim.engine.preemption import EXIT_STATUS
from fastsim.errors import InputError
from fastsim.tracking.logbook import Logbook

STEPS, EPOCH = 11, 4
CPU = torch.device("cpu")


class Killed(BaseException):
    """What no handler expects."""


class Regression:
    """Fits a line to points with fresh noise, in epochs of a few steps.

    Args:
        config: the effective section.
        scores: of the evaluations, in their order, instead of the true one.
        at: what to do before a step, by its number.
        spoiled: numbers of the steps whose points are no numbers.
    """

    def __init__(self, config, scores=(), at=(), spoiled=()):
        torch.manual_seed(config.seed)
        self.network = nn.Linear(3, 1)
        self.updates = Optimization(self.network, config, 0.05, config, STEPS, 1)
        self.scores, self.at, self.spoiled = scores, dict(at), spoiled
        self.made, self.evaluations, self.sum = 0, 0, 0.0

    @property
    def epoch(self):
        return self.made // EPOCH

    def step(self, step, guard):
        self.at.get(step, lambda: None)()
        self.made += 1
        points = torch.randn(8, 3) * (math.nan if step in self.spoiled else 1.0)
        loss = (self.network(points)[:, 0] - points.sum(dim=1)).square().mean()
        self.updates.add(loss)
        guard.add(f"step {step}, batch {self.made}", self.updates.update())
        self.sum += loss.item()

    def scalars(self):
        value, self.sum = self.sum, 0.0
        return {"loss": value, "learning_rate": self.updates.learning_rate}

    def evaluate(self, step):
        error = (self.network.weight - 1.0).square().sum().item()
        score = self.scores[self.evaluations] if self.scores else error
        self.evaluations += 1
        return Evaluation(score, {"score": score}, {"weights": np.arange(3.0) + error})

    def evaluated(self, score):
        self.updates.evaluated(score)

    def weights(self):
        return self.network.state_dict()

    def usage(self):
        return {"rows": 8.0 * self.made}

    def state_dict(self):
        return {
            "network": self.network.state_dict(),
            "updates": self.updates.state_dict(),
            "counts": [self.made, self.evaluations, self.sum],
        }

    def load_state_dict(self, state):
        self.network.load_state_dict(state["network"])
        self.updates.load_state_dict(state["updates"])
        self.made, self.evaluations, self.sum = state["counts"]


class Run:
    """One attempt at a training whose files are in ``folder``."""

    def __init__(self, folder, checkpoints=None, evaluate_at=range(2, 99, 2), **settings):
        task = {name: settings.pop(name, ()) for name in ("scores", "at", "spoiled")}
        settings = {"log_every_steps": 3, "save_every_steps": 1, "ema_decay": 0.5} | settings
        config = TrainingConfig(**settings)
        self.folder = folder
        self.checkpoints = Checkpoints(
            checkpoints or folder / "checkpoints", settings, config.keep_checkpoints
        )
        self.task = Regression(config, **task)
        self.logbook = Logbook(folder / "run", run_name="run")
        plan = Plan(
            "regress", STEPS, frozenset([*evaluate_at, STEPS]), "error", "batch or width of regress"
        )
        process = Process(0, 1, CPU)
        self.loop = Loop(self.task, config, plan, self.checkpoints, self.logbook, process)

    def __call__(self):
        outcome = self.loop.run()
        self.logbook.close()
        return outcome

    @property
    def history(self):
        return (self.folder / "run/history.csv").read_bytes()

    @property
    def newest_state(self):
        newest = self.checkpoints.newest_readable()
        state = self.checkpoints.load(newest, CPU)
        # no two runs take the same time
        del state["timing"]["seconds"]
        return newest, state


def kill():
    raise Killed


def same(a, b):
    """Whether nested plain values and tensors are equal bit for bit."""
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


SETTINGS = {
    "cosine": {"scheduler": "cosine", "warmup_steps": 3, "patience": 3},
    "plateau, sgd": {"scheduler": "plateau", "plateau_patience": 0, "optimizer": "sgd"},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_killed_after_any_step_it_ends_as_if_nothing_had_been(tmp_path, settings):
    whole = Run(tmp_path / "whole", **settings)
    expected = whole()
    for step in range(2, STEPS + 1):
        folder = tmp_path / f"{step}"
        with pytest.raises(Killed):
            Run(folder, at={step: kill}, **settings)()
        # what a program is killed in must not matter to the next one
        torch.manual_seed(99)
        resumed = Run(folder, **settings)
        outcome = resumed()
        assert outcome.timing["steps"] == STEPS
        assert same(outcome.weights, expected.weights)
        assert (outcome.step, outcome.kept_step, outcome.score) == (
            expected.step,
            expected.kept_step,
            expected.score,
        )
        assert resumed.history == whole.history
        assert same(resumed.newest_state, whole.newest_state)


def test_steps_since_the_last_checkpoint_are_made_again(tmp_path, capsys):
    settings = {"save_every_steps": 5, "evaluate_at": []}
    whole = Run(tmp_path / "whole", **settings)
    expected = whole()
    for killed_at, saved in ((5, 4), (7, 5), (8, 5), (9, 8), (10, 8), (11, 10)):
        folder = tmp_path / f"{killed_at}"
        with pytest.raises(Killed):
            Run(folder, at={killed_at: kill}, **settings)()
        capsys.readouterr()
        resumed = Run(folder, **settings)
        assert same(resumed().weights, expected.weights)
        assert f"regress: goes on after step {saved}\n" in capsys.readouterr().err
        assert resumed.history == whole.history


def test_the_best_is_kept_until_the_end(tmp_path):
    # no checkpoint is due but that of the best
    settings = {"scores": [0.5, 0.3, 0.4, 0.6, 0.7, 0.8], "save_every_steps": 99}
    weights = []
    at = {5: lambda: weights.append({n: w.clone() for n, w in run.task.weights().items()})}
    run = Run(tmp_path / "whole", at=at, **settings)
    outcome = run()
    assert (outcome.step, outcome.kept_step, outcome.score) == (STEPS, 4, 0.3)
    assert same(outcome.weights, weights[0])
    with pytest.raises(Killed):
        Run(tmp_path / "killed", at={STEPS: kill}, **settings)()
    assert same(Run(tmp_path / "killed", **settings)().weights, weights[0])


def test_the_last_weights_are_kept_when_that_is_wanted(tmp_path):
    run = Run(tmp_path, scores=[0.5, 0.3, 0.4, 0.6, 0.7, 0.8], restore_best=False)
    outcome = run()
    assert (outcome.kept_step, outcome.score) == (STEPS, 0.8)
    assert same(outcome.weights, run.task.weights())


def test_a_score_that_stays_ends_the_training(tmp_path, capsys):
    settings = {"scores": [0.5, 0.45, 0.42, 0.1, 0.1, 0.1], "patience": 2, "min_delta": 0.2}
    run = Run(tmp_path, **settings)
    outcome = run()
    assert (outcome.step, outcome.kept_step, outcome.score) == (6, 2, 0.5)
    lines = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert lines[:3] == [
        "regress: step 2: error 0.5 is the best so far",
        "regress: step 4: error 0.45 is no better than 0.5 of step 2; waited 1 of 2",
        "regress: step 6: error 0.42 is no better than 0.5 of step 2; waited 2 of 2",
    ]
    assert len(lines) == 3
    # started again it has nothing to do
    again = Run(tmp_path, **settings)()
    assert (again.step, again.kept_step, again.timing["steps"]) == (6, 2, 6)


def test_what_never_beats_the_baseline_ends_with_its_last_weights(tmp_path):
    for _ in range(2):
        # the second time it only finds that there is nothing to do
        run = Run(tmp_path, scores=[0.5, 0.6], patience=2, baseline=0.1)
        outcome = run()
        assert (outcome.step, outcome.kept_step, outcome.score) == (4, 4, 0.6)
        assert same(outcome.weights, run.task.weights())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_told_to_end_it_saves_and_can_go_on(tmp_path, capsys, number):
    settings = {"save_every_steps": 99, "evaluate_at": []}
    whole = Run(tmp_path / "whole", **settings)
    expected = whole()
    before = signal.getsignal(number)
    # a signal in the middle of a step; nothing else is due there
    told = Run(tmp_path / "told", at={6: lambda: os.kill(os.getpid(), number)}, **settings)
    with pytest.raises(SystemExit) as end:
        told()
    assert end.value.code == EXIT_STATUS == 75
    assert told.checkpoints.newest_readable() == 6
    assert "told to end; goes on after step 6 when started again" in capsys.readouterr().err
    assert signal.getsignal(number) == before
    resumed = Run(tmp_path / "told", **settings)
    assert same(resumed().weights, expected.weights)
    assert resumed.history == whole.history


def test_another_config_starts_afresh_and_says_so(tmp_path, capsys):
    Run(tmp_path, seed=1)()
    assert "afresh" not in capsys.readouterr().err
    outcome = Run(tmp_path, seed=2)()
    assert outcome.timing["steps"] == STEPS
    assert (
        "regress: checkpoints here are of another config, data or code; starts afresh\n"
        in capsys.readouterr().err
    )


def test_a_broken_checkpoint_costs_its_steps_only(tmp_path, capsys):
    whole = Run(tmp_path / "whole")
    expected = whole()
    with pytest.raises(Killed):
        Run(tmp_path / "killed", at={8: kill})()
    killed = Run(tmp_path / "killed")
    newest = killed.checkpoints.newest
    newest.write_bytes(newest.read_bytes()[:-100])
    assert same(killed().weights, expected.weights)
    errors = capsys.readouterr().err
    assert f"warning: {newest}: passed over" in errors
    assert "goes on after step 6\n" in errors
    assert killed.history == whole.history


# room for a few checkpoints
@pytest.mark.parametrize("small_disk", [96], indirect=True)
def test_a_disk_that_fills_up_does_not_end_the_training(tmp_path, small_disk, capsys):
    whole = Run(tmp_path / "whole")
    expected = whole()
    capsys.readouterr()

    def fill():
        (small_disk / "filling").write_bytes(b"")
        free = os.statvfs(small_disk)
        (small_disk / "filling").write_bytes(bytes(free.f_bavail * free.f_frsize))

    run = Run(tmp_path / "full", at={5: fill, 8: kill}, checkpoints=small_disk)
    with pytest.raises(Killed):
        run()
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert ["no checkpoint" in line for line in warnings] == [True] * 3
    assert run.checkpoints.newest_readable() == 4
    Path(small_disk / "filling").unlink()
    resumed = Run(tmp_path / "full", checkpoints=small_disk)
    assert same(resumed().weights, expected.weights)
    assert resumed.history == whole.history


def test_a_lack_of_memory_names_the_keys(tmp_path):
    with pytest.raises(InputError, match="lower batch or width of regress"):
        Run(tmp_path, at={3: lambda: torch.empty(2**52)})()


@pytest.mark.parametrize("scores", [[math.nan] * 6, [math.inf] * 6])
def test_a_training_without_a_score_has_diverged(tmp_path, scores):
    with pytest.raises(InputError, match="the training diverged") as error:
        Run(tmp_path, scores=scores)()
    assert "\n" not in str(error.value)
    assert f"after step {STEPS}" in str(error.value)


def test_a_score_lost_late_does_not_cost_the_best(tmp_path):
    outcome = Run(tmp_path, scores=[0.5, 0.4, *[math.nan] * 4])()
    assert (outcome.step, outcome.kept_step, outcome.score) == (STEPS, 4, 0.4)


def test_numbers_that_are_none_end_the_training_where_they_came_up(tmp_path):
    run = Run(tmp_path, spoiled=[5], save_every_steps=3, evaluate_at=[])
    with pytest.raises(InputError, match="step 5, batch 5: loss or gradient is not") as error:
        run()
    # step 4 is the end of an epoch
    good = run.checkpoints.folder / "step-000000004.pt"
    assert f"the last good checkpoint is {good};" in str(error.value)
    assert run.checkpoints.newest == good


def test_updates_left_out_are_counted_through_a_kill(tmp_path, capsys):
    settings = {"spoiled": [3, 8], "non_finite": "skip", "evaluate_at": []}
    with pytest.raises(Killed):
        Run(tmp_path, at={7: kill}, **settings)()
    outcome = Run(tmp_path, **settings)()
    assert math.isfinite(outcome.score)
    assert "regress: 2 updates were not finite and left out\n" in capsys.readouterr().err
