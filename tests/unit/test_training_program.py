"""Which trainings share checkpoints: those of the same config, data and code."""

from argparse import Namespace

import pytest

from fastsim import training_program
from fastsim.engine.config import TrainingConfig
from fastsim.training_program import open_checkpoints


@pytest.fixture
def files(tmp_path):
    paths = {name: tmp_path / name for name in ("train", "validation", "normalization", "program")}
    for name, path in paths.items():
        path.write_text(name)
    return paths


@pytest.fixture
def folder_of(files, tmp_path, monkeypatch):
    """Return the function that names the folder of the checkpoints of a config."""
    monkeypatch.setattr(training_program, "sources", lambda program: [files["program"]])
    args = Namespace(
        train=[files["train"]],
        validation=[files["validation"]],
        normalization=files["normalization"],
        checkpoints=tmp_path / "checkpoints",
    )

    def folder(**config):
        return open_checkpoints(args, TrainingConfig(**config), "program").folder

    return folder


def test_the_same_training_finds_its_checkpoints(folder_of):
    assert folder_of(seed=3) == folder_of(seed=3)


def test_where_events_are_kept_and_when_checkpoints_are_written_is_no_other_training(folder_of):
    assert folder_of(resident_memory=10, save_every_steps=7, keep_checkpoints=1) == folder_of()


def test_another_config_starts_afresh(folder_of):
    assert len({folder_of(), folder_of(seed=3), folder_of(ema_decay=0.5)}) == 3


@pytest.mark.parametrize("name", ["train", "validation", "normalization", "program"])
def test_other_data_or_code_start_afresh(folder_of, files, name):
    before = folder_of()
    files[name].write_text("changed")
    assert folder_of() != before
