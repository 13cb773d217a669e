"""The course of a training: steps, log, evaluations, checkpoints, and going on after a kill."""

import math
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from fastsim.engine.checkpoint import Checkpoints
from fastsim.engine.config import TrainingConfig
from fastsim.engine.distributed import Process
from fastsim.engine.early_stopping import EarlyStopping
from fastsim.engine.guards import NonFinite, explain_out_of_memory, peak_memory
from fastsim.engine.preemption import EXIT_STATUS, told_to_end
from fastsim.errors import InputError
from fastsim.progress import Progress
from fastsim.tracking.logbook import Logbook


@dataclass(frozen=True)
class Evaluation:
    """What one evaluation found.

    Attributes:
        score: lower is better; chooses the weights that are kept.
        scalars: for the history, the score among them.
        samples: arrays whose distributions are logged.
        figures: contents of PNG files, to look at during the training.
    """

    score: float
    scalars: Mapping[str, float]
    samples: Mapping[str, np.ndarray] = field(default_factory=dict)
    figures: Mapping[str, bytes] = field(default_factory=dict)


class Task(Protocol):
    """What is trained. All processes call all methods together, but for :meth:`evaluate`."""

    epoch: int
    """Number of the epoch that the next batch is of."""

    def step(self, step: int, guard: NonFinite) -> None:
        """Make step number ``step``, from 1; tell the guard which updates were left out."""

    def scalars(self) -> dict[str, float]:
        """Return means since the last call."""

    def evaluate(self, step: int) -> Evaluation:
        """Judge the model as it is; the main process only."""

    def evaluated(self, score: float) -> None:
        """Take the score of an evaluation."""

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the weights that a user of the model needs."""

    def usage(self) -> dict[str, float]:
        """Return what was consumed since the start, for ``timing.json``."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on, as tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""


@dataclass(frozen=True)
class Plan:
    """What a :class:`Loop` is told of a training besides its config.

    Attributes:
        label: what lines on the console start with.
        steps: how many to make.
        evaluate_at: after which of them to evaluate, the last one among them.
        score_name: of the score of an evaluation.
        memory_keys: config keys that take memory, for a message.
    """

    label: str
    steps: int
    evaluate_at: frozenset[int]
    score_name: str
    memory_keys: str


@dataclass(frozen=True)
class Outcome:
    """The end of a training.

    Attributes:
        step: the last one made.
        kept_step, score: of the evaluation whose weights are kept.
        weights: the ones to keep; empty in other processes than the main one.
        timing: seconds of steps, their number and what they consumed.
    """

    step: int
    kept_step: int
    score: float
    weights: dict[str, torch.Tensor]
    timing: dict[str, float]


def late_steps(steps: int, evaluations: int) -> frozenset[int]:
    """Return steps at which to evaluate, the denser the later, the last step among them."""
    return frozenset(
        max(1, round(steps * (1.0 - (1.0 - i / evaluations) ** 2)))
        for i in range(1, evaluations + 1)
    )


class Loop:
    """A training, from its start or its newest checkpoint to its end.

    Args:
        task: what is trained, at its start.
        config: the effective section.
        plan: steps and evaluations.
        checkpoints: where they are written, by the main process, and read, by all.
        logbook: the main process's; None in others.
        process: this process.
    """

    def __init__(
        self,
        task: Task,
        config: TrainingConfig,
        plan: Plan,
        checkpoints: Checkpoints,
        logbook: Logbook | None,
        process: Process,
    ) -> None:
        self._task, self._config, self._plan = task, config, plan
        self._checkpoints, self._logbook, self._process = checkpoints, logbook, process
        self._stopping = EarlyStopping(config.patience, config.min_delta, config.baseline)
        self._guard = NonFinite(config.non_finite)
        self._best_weights: dict[str, torch.Tensor] = {}
        # step and score of the last evaluation
        self._last = (-1, math.nan)
        self._timing = {"steps": 0.0, "seconds": 0.0}

    def run(self) -> Outcome:
        """Train.

        Raises:
            InputError: a loss or gradient is not finite, or memory does not suffice.
            SystemExit: the training was told to end, and can go on later.
        """
        step, main = self._resume(), self._process.is_main
        remaining = self._plan.steps - step
        progress = Progress(remaining, self._plan.label, "steps") if main else nullcontext()
        with told_to_end() as told, explain_out_of_memory(self._plan.memory_keys), progress:
            while step < self._plan.steps and not self._stopping.should_stop:
                step += 1
                due = self._step(step)
                ends = self._process.any(told())
                if due or ends:
                    self._save(step)
                if ends:
                    self._say(f"told to end; goes on after step {step} when started again")
                    raise SystemExit(EXIT_STATUS)
                if main:
                    name, best = self._plan.score_name, self._stopping
                    note = f"best {name} {best.best_score:.4f}" if best.best_step > 0 else ""
                    progress.advance(note=note)
        return self._outcome(step)

    def _say(self, text: str) -> None:
        """Print a line, once for all processes."""
        if self._process.is_main:
            print(f"{self._plan.label}: {text}", file=sys.stderr, flush=True)

    def _resume(self) -> int:
        """Load the newest readable checkpoint; return the number of steps made."""
        newest = self._checkpoints.newest_readable() if self._process.is_main else None
        done = int(self._process.from_main(newest or 0))
        if not done:
            if self._checkpoints.others:
                self._say("checkpoints here are of another config, data or code; starts afresh")
            return 0
        state = self._checkpoints.load(done, self._process.device)
        self._task.load_state_dict(state["task"])
        self._stopping.load_state_dict(state["stopping"])
        self._guard.skipped = state["skipped"]
        self._process.set_random_states(state["random"])
        self._last, self._timing = tuple(state["last"]), state["timing"]
        if self._logbook is not None:
            self._best_weights = state["best_weights"]
            self._logbook.load_state_dict(state["logbook"])
        self._say(f"goes on after step {done}")
        return done

    def _step(self, step: int) -> bool:
        """Make a step and what is due after it; return whether a checkpoint is."""
        epoch, start = self._task.epoch, time.monotonic()
        self._task.step(step, self._guard)
        evaluates = step in self._plan.evaluate_at
        due = step % self._config.save_every_steps == 0 or self._task.epoch != epoch
        logs = evaluates or step % self._config.log_every_steps == 0
        if logs:
            scalars = self._task.scalars()
            if self._logbook is not None:
                self._logbook.scalars(step, scalars)
        self._timing["seconds"] += time.monotonic() - start
        self._timing["steps"] += 1
        if logs:
            self._guard.check(self._checkpoints.newest)
        return (evaluates and self._evaluate(step)) or due

    def _evaluate(self, step: int) -> bool:
        """Evaluate; return whether it is the best so far."""
        score = 0.0
        if self._logbook is not None:
            found = self._task.evaluate(step)
            score = found.score
            self._logbook.scalars(step, found.scalars)
            for name, sample in found.samples.items():
                self._logbook.histogram(step, name, sample)
            for name, figure in found.figures.items():
                self._logbook.figure(step, name, figure)
        score = self._process.from_main(score)
        self._task.evaluated(score)
        self._last = (step, score)
        improved = self._stopping.update(step, score)
        self._say(f"step {step}: {self._plan.score_name} {self._stopping.verdict(score)}")
        if improved and self._process.is_main:
            self._best_weights = {n: w.detach().clone() for n, w in self._task.weights().items()}
        return improved

    def _save(self, step: int) -> None:
        """Write a checkpoint; all processes take part."""
        self._guard.check(self._checkpoints.newest)
        state = {
            "task": self._task.state_dict(),
            "random": self._process.random_states(),
            "stopping": self._stopping.state_dict(),
            "skipped": self._guard.skipped,
            "best_weights": self._best_weights,
            "last": list(self._last),
            "timing": self._timing,
        }
        if self._logbook is not None:
            state["logbook"] = self._logbook.state_dict()
            self._checkpoints.save(step, state, self._stopping.best_step)

    def _outcome(self, step: int) -> Outcome:
        """Return what the training came to, and say what it took."""
        self._guard.check(self._checkpoints.newest)
        if self._guard.skipped:
            self._say(f"{self._guard.skipped} updates were not finite and left out")
        self._say(f"{peak_memory() / 2**20:.0f} MiB of memory at most")
        (kept_step, score), weights = self._last, self._best_weights
        if self._config.restore_best and self._stopping.best_step >= 0:
            kept_step, score = self._stopping.best_step, self._stopping.best_score
        elif self._process.is_main:
            weights = self._task.weights()
        if not math.isfinite(score):
            raise InputError(
                f"{self._plan.label}: {self._plan.score_name} {score} after step {kept_step}: the "
                "training diverged; lower the learning rate"
            )
        return Outcome(step, kept_step, score, weights, self._timing | self._task.usage())
