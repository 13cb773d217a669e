import csv
import math
import os

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from fastsim.engine.checkpoint import Checkpoints, fingerprint, hash_of
from fastsim.engine.distributed import process_group
from fastsim.engine.early_stopping import EarlyStopping
from fastsim.engine.ema import Ema
from fastsim.engine.logbook import Logbook
from fastsim.engine.run_folder import (
    load_weights,
    read_config,
    save_weights,
    write_config,
)
from fastsim.engine.schedule import delayed_exponential_decay, late_steps, linear_decay
from fastsim.errors import InputError

CPU = torch.device("cpu")


def test_early_stopping_waits_for_its_patience():
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    scores = [1.0, 0.95, 0.5, math.nan, 0.45]
    assert [stopping.update(i, score) for i, score in enumerate(scores)] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert stopping.should_stop
    assert (stopping.best_step, stopping.best_score) == (2, 0.5)
    copy = EarlyStopping(patience=3)
    copy.load_state_dict(stopping.state_dict())
    assert not copy.should_stop
    assert not copy.update(5, 0.5)
    assert copy.should_stop


def test_without_patience_it_never_stops():
    stopping = EarlyStopping()
    for step in range(100):
        stopping.update(step, 1.0)
    assert not stopping.should_stop


def fill(logbook, steps):
    for step in steps:
        logbook.scalars(step, {"loss": 1 / step})
        if step % 2 == 0:
            logbook.scalars(step, {"score": step})
            logbook.histogram(step, "sample", np.arange(step))


def seen_by_tensorboard(folder):
    events = EventAccumulator(str(folder / "tensorboard"), {"scalars": 0, "histograms": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {
        tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in sorted(tags["scalars"])
    }
    histograms = [(e.step, e.histogram_value.num) for e in events.Histograms("sample")]
    return scalars, histograms


def test_a_resumed_logbook_leaves_what_an_undisturbed_one_does(tmp_path):
    whole = Logbook(tmp_path / "whole")
    fill(whole, range(1, 7))
    whole.close()

    killed = Logbook(tmp_path / "resumed")
    fill(killed, range(1, 4))
    state = killed.state_dict()
    fill(killed, range(4, 6))
    killed.write_history()
    resumed = Logbook(tmp_path / "resumed")
    resumed.load_state_dict(state)
    fill(resumed, range(4, 7))
    resumed.close()

    text = (tmp_path / "whole/history.csv").read_text()
    assert (tmp_path / "resumed/history.csv").read_text() == text
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["step"] for row in rows] == list("123456")
    assert [row["score"] for row in rows] == ["", "2.0", "", "4.0", "", "6.0"]
    expected = seen_by_tensorboard(tmp_path / "whole")
    assert expected[1] == [(2, 2), (4, 4), (6, 6)]
    assert seen_by_tensorboard(tmp_path / "resumed") == expected


def test_logged_scalars_are_found_by_step(tmp_path):
    logbook = Logbook(tmp_path)
    fill(logbook, range(1, 3))
    logbook.close()
    assert logbook.at(2) == {"step": 2, "loss": 0.5, "score": 2.0}
    with pytest.raises(KeyError):
        logbook.at(3)


def test_checkpoints_are_found_by_identity_and_only_the_newest_two_stay(tmp_path):
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    for step in (5, 50, 500):
        checkpoints.save(step, {"step": step, "weights": torch.ones(3) * step})
    assert len(list(checkpoints.folder.iterdir())) == 2
    found = Checkpoints(tmp_path, {"seed": 1}).load_newest(CPU)
    assert found["step"] == 500
    assert found["weights"].tolist() == [500.0] * 3
    assert Checkpoints(tmp_path, {"seed": 2}).load_newest(CPU) is None
    checkpoints.clear()
    assert checkpoints.load_newest(CPU) is None


def test_a_broken_checkpoint_is_passed_over(tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path, {})
    for step in (1, 2):
        checkpoints.save(step, {"step": step})
    newest = checkpoints.folder / "step-000000002.pt"
    newest.write_bytes(newest.read_bytes()[:-100])
    assert checkpoints.load_newest(CPU) == {"step": 1}
    assert str(newest) in capsys.readouterr().err


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_checkpoint_cannot_run_code(tmp_path):
    checkpoints = Checkpoints(tmp_path / "c", {})
    checkpoints.save(1, {"step": Malicious(str(tmp_path / "made"))})
    assert checkpoints.load_newest(CPU) is None
    assert not (tmp_path / "made").exists()


def test_hashes_tell_contents_apart():
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1}) != hash_of({"a": 1, "b": 3})
    a = np.arange(6, dtype=np.int32)
    others = [a.reshape(2, 3), a.astype(np.uint32), a[::-1], a[:5]]
    assert len({fingerprint([x]) for x in [a, *others]}) == 5
    assert fingerprint([a]) == fingerprint([a.copy()])


def test_ema_follows_its_formula():
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


def test_learning_rates_fall_as_they_say():
    assert [linear_decay(step, 4) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    factors = [delayed_exponential_decay(step, 8, delay=0.5, end=0.0625) for step in range(9)]
    assert factors == [0.0] * 4 + [1.0, 0.5, 0.25, 0.125, 0.0625]


@pytest.mark.parametrize(("steps", "evaluations"), [(1, 1), (1, 6), (7, 3), (8000, 6)])
def test_evaluations_are_mostly_late_and_include_the_last_step(steps, evaluations):
    chosen = sorted(late_steps(steps, evaluations))
    assert chosen[0] >= 1
    assert chosen[-1] == steps
    assert len(chosen) <= evaluations
    gaps = np.diff(chosen)
    assert (np.diff(gaps) <= 0).all()


def test_a_program_needs_torchrun(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(InputError, match="torchrun"), process_group():
        pass


def test_run_folder_round_trip(tmp_path):
    model, other = nn.Linear(2, 3), nn.Linear(2, 3)
    save_weights(tmp_path, model.state_dict())
    load_weights(tmp_path, other)
    assert torch.equal(other.weight, model.weight)
    write_config(tmp_path, "train_x", {"seed": 5, "steps": 1}, {"width": 3})
    content = read_config(tmp_path, "train_x")
    assert content["config"] == {"seed": 5, "steps": 1}
    assert content["model"] == {"width": 3}
    assert content["versions"]["torch"] == torch.__version__


def test_bad_run_folders_are_told_in_one_line(tmp_path):
    model = nn.Linear(2, 3)
    with pytest.raises(InputError, match=r"config\.yaml"):
        read_config(tmp_path, "train_x")
    write_config(tmp_path, "train_y", {}, {})
    with pytest.raises(InputError, match="train_y"):
        read_config(tmp_path, "train_x")
    with pytest.raises(InputError, match=r"model\.safetensors"):
        load_weights(tmp_path, model)
    save_weights(tmp_path, nn.Linear(2, 4).state_dict())
    with pytest.raises(InputError, match="does not fit") as error:
        load_weights(tmp_path, model)
    assert "\n" not in str(error.value)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:20])
    with pytest.raises(InputError, match="safetensors"):
        load_weights(tmp_path, model)
