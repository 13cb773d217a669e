"""A step of the adversarial training: what it is told, its precision, and what it warns of."""

import weakref

import numpy as np
import pytest
import torch

from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.gan_data import training_bundles
from fastsim.bundles.gan_training import GanTraining
from fastsim.bundles.models.wgan_gp import CriticLoss
from fastsim.bundles.representation import POINTS_COLUMN
from fastsim.data.event_batches import EventBatches
from fastsim.data.shards import Shard, write_shard
from fastsim.engine.distributed import Process
from fastsim.engine.guards import NonFinite
from fastsim.engine.loop import late_steps

ALONE = Process(0, 1, torch.device("cpu"))
SMALL = {"batch_events": 16, "width": 8, "compile": False, "generator_delay": 0.0}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A shard of 200 events of 0 to 7 muons."""
    random = np.random.default_rng(1)
    counts = random.integers(0, 8, 200).astype(np.int32)
    shard = Shard(
        random.normal(size=(len(counts), 4)).astype(np.float32),
        counts,
        random.normal(size=(counts.sum(), 3)).astype(np.float32),
    )
    path = tmp_path_factory.mktemp("dataset") / "shard.parquet"
    write_shard(path, [shard], {}, widths=(4, 3), points_column=POINTS_COLUMN)
    return path


def start(dataset, process=ALONE, shuffle_window=None, resident_memory=None, **settings):
    config = TrainGanConfig(**SMALL | settings)
    data = EventBatches(
        [dataset],
        points_column=POINTS_COLUMN,
        prepare=training_bundles,
        device=process.device,
        batch_events=config.batch_events,
        max_points=config.max_muons_per_batch,
        seed=config.seed,
        shuffle_window=shuffle_window,
        resident_memory=resident_memory,
    )
    return GanTraining(config, data, None, process)


def make_steps(training, steps):
    guard = NonFinite("stop")
    for step in range(1, steps + 1):
        training.step(step, guard)
    guard.check(None)
    return training.scalars()


def test_a_window_is_let_go_before_the_next_is_held(monkeypatch, dataset):
    windows, alive = [], []
    open_window = EventBatches._open_window

    def listen(self):
        open_window(self)
        windows.append(weakref.ref(self._held))
        alive.append(sum(window() is not None for window in windows))

    monkeypatch.setattr(EventBatches, "_open_window", listen)
    training = start(dataset, shuffle_window=40, resident_memory=0, critic_steps=2)
    make_steps(training, 40)
    training._data.close()
    assert len(alive) > 5
    assert max(alive) == 1


@pytest.mark.parametrize(
    ("gp_every", "expected"),
    [(1, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), (4, [4.0, 0.0, 0.0, 0.0, 4.0, 0.0])],
)
def test_a_rarer_penalty_counts_for_the_updates_without_it(
    monkeypatch, dataset, gp_every, expected
):
    told = []
    forward = CriticLoss.forward

    def listen(self, *args):
        told.append(args[-1])
        return forward(self, *args)

    monkeypatch.setattr(CriticLoss, "forward", listen)
    make_steps(start(dataset, steps=3, critic_steps=2, gp_every=gp_every), 3)
    assert told == expected


def test_the_critic_learns_alone_at_first(dataset):
    training = start(dataset, steps=4, generator_delay=0.5)
    before = {name: value.clone() for name, value in training.generator.state_dict().items()}
    assert "loss/generator" not in make_steps(training, 2)
    after = training.generator.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert "loss/generator" in make_steps(training, 4)


def test_the_last_step_is_the_generators_whatever_the_delay(dataset):
    assert "loss/generator" in make_steps(start(dataset, steps=2, generator_delay=0.99), 2)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_losses_in_half_precision_are_near_those_in_full(dataset, precision):
    settings = {"steps": 60, "critic_learning_rate": 1e-3, "generator_learning_rate": 1e-3}
    full, half = (
        make_steps(start(dataset, precision=name, **settings), 60) for name in ("fp32", precision)
    )
    assert np.isfinite(list(half.values())).all()
    assert half["loss/critic"] != full["loss/critic"]
    for name in ("loss/critic", "critic/input_gradient_norm"):
        assert half[name] == pytest.approx(full[name], rel=0.05, abs=0.01), name
    # the critic's value has an offset that nothing fixes and roundings carry away
    assert half["loss/generator"] == pytest.approx(full["loss/generator"], abs=0.05)


class Told(Process):
    """A process whose sums are those of events with the gaps that it is told."""

    gaps = iter(())

    def sum(self, values):
        return torch.tensor([0.0, next(self.gaps), 0.0, 0.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("gaps", "warnings"),
    [
        ([0.1] * 40, 0),
        # noise around nothing is no growth, and neither is a single row
        ([0.01, -0.01] * 20, 0),
        ([0.1] * 20 + [0.5] + [0.1] * 20, 0),
        ([0.1] * 20 + [0.1 * 1.5**n for n in range(9)], 1),
        # a generator that stays away is told of once
        ([0.1] * 20 + [2.0] * 30, 1),
    ],
)
def test_a_gap_that_grows_is_reported(dataset, capsys, gaps, warnings):
    process = Told(0, 1, torch.device("cpu"))
    object.__setattr__(process, "gaps", iter(gaps))
    training = start(dataset, process)
    for _ in gaps:
        training.scalars()
    errors = capsys.readouterr().err
    assert errors.count("warning: the Wasserstein gap has grown to") == warnings


@pytest.mark.parametrize(("steps", "evaluations"), [(1, 1), (1, 6), (7, 3), (8000, 6)])
def test_evaluations_are_mostly_late_and_include_the_last_step(steps, evaluations):
    chosen = sorted(late_steps(steps, evaluations))
    assert chosen[0] >= 1
    assert chosen[-1] == steps
    assert len(chosen) <= evaluations
    gaps = np.diff(chosen)
    assert (np.diff(gaps) <= 0).all()
