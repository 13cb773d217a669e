"""What trainings of models of bundles open, make and write alike."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from fastsim.bundles.bundle_validation import Validation
from fastsim.bundles.config.bundle_training import BundleTrainingConfig
from fastsim.bundles.energy_importance import energy_weights
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.data.shards import Shard, read_shards
from fastsim.engine.distributed import Process
from fastsim.engine.loop import Loop, Outcome, Plan, Task, late_steps
from fastsim.fingerprints import hash_of
from fastsim.training_program import open_checkpoints, open_data, open_logbook, write_run


class BundleRun:
    """One training: data and checkpoints of every process, validation and logbook of the first.

    Attributes:
        data: training batches.
        validation: held-out bundles; None in other processes than the first, which evaluates and
            writes while they wait.
        logbook: None likewise.

    Args:
        stage: name of the stage.
        args: of the command line.
        config: the stage's section, with ``batch_events``, ``max_muons_per_batch`` and ``steps``.
        process: this process.
        program: file of the program, whose sources identify the checkpoints.
        prepare: makes of normalised events what the model learns from.

    Raises:
        InputError: a file is missing or corrupt, or holds nothing to train or validate on.
    """

    def __init__(
        self,
        stage: str,
        args: argparse.Namespace,
        config: BundleTrainingConfig,
        process: Process,
        program: str,
        prepare: Callable[[Shard], Shard],
    ) -> None:
        self._stage, self._args, self._config, self._process = stage, args, config, process
        self._normalization = Normalization.load(args.normalization)
        self._checkpoints = open_checkpoints(args, config, program)
        self.data = open_data(
            stage,
            args,
            config,
            process,
            points_column=POINTS_COLUMN,
            prepare=prepare,
            batch_events=config.batch_events,
            max_points=config.max_muons_per_batch,
            weigh=energy_weights(self._normalization, config.energy_importance),
        )
        self.validation = self.logbook = None
        if process.is_main:
            held_out = read_shards(args.validation, points_column=POINTS_COLUMN)
            self.validation = Validation(held_out, self._normalization, config.seed)
            self.logbook = open_logbook(args)

    def train(self, task: Task, score: str, first_step: int = 1) -> Outcome:
        """Make all steps.

        Args:
            task: the model and its updates.
            score: name of the figure that decides which weights are kept.
            first_step: the first after which there is something to evaluate.
        """
        steps = late_steps(self._config.steps, self._config.evaluations)
        plan = Plan(
            self._stage,
            self._config.steps,
            frozenset(step for step in steps if step >= first_step),
            score,
            f"max_muons_per_batch, batch_events, width or resident_memory of {self._stage}",
        )
        loop = Loop(task, self._config, plan, self._checkpoints, self.logbook, self._process)
        outcome = loop.run()
        self.data.close()
        return outcome

    def write(
        self, outcome: Outcome, model: Mapping[str, Any], scores: Mapping[str, float]
    ) -> None:
        """Write the run folder and remove the checkpoints; for the first process alone.

        Args:
            outcome: of the training.
            model: plain values from which the network is built again.
            scores: figures of the kept weights on the validation bundles.
        """
        fingerprint = hash_of(self._normalization.model_dump(mode="json"))
        metrics = {
            "steps": outcome.step,
            "kept_step": outcome.kept_step,
            **scores,
            "validation_events": len(self.validation),
        }
        write_run(
            self._args.output_dir,
            self._stage,
            self._config,
            {**model, "normalization": fingerprint},
            metrics,
            outcome,
            self.logbook,
        )
        self._checkpoints.clear()
