"""Checkpoints: which stay, which are refused, and what a full disk costs."""

import os
import pickle
import zipfile

import pytest
import torch

from fastsim.engine.checkpoint import Checkpoints

CPU = torch.device("cpu")


def steps_in(checkpoints):
    return [int(path.stem.removeprefix("step-")) for path in sorted(checkpoints.folder.iterdir())]


def test_the_newest_and_the_best_stay(tmp_path):
    checkpoints = Checkpoints(tmp_path, {"seed": 1}, keep=2)
    assert checkpoints.newest is None
    assert checkpoints.newest_readable() is None
    for step in (5, 10, 15, 20, 100):
        checkpoints.save(step, {"weights": torch.ones(3) * step}, best_step=10)
    assert steps_in(checkpoints) == [10, 20, 100]
    assert checkpoints.newest == checkpoints.folder / "step-000000100.pt"
    assert checkpoints.newest_readable() == 100
    assert checkpoints.load(10, CPU)["weights"].tolist() == [10.0] * 3
    checkpoints.clear()
    assert checkpoints.newest is None


def test_a_better_one_takes_the_place_of_the_best(tmp_path):
    checkpoints = Checkpoints(tmp_path, {}, keep=1)
    for step, best in ((1, 1), (2, 1), (3, 3), (4, 3)):
        checkpoints.save(step, {}, best_step=best)
    assert steps_in(checkpoints) == [3, 4]


def test_trainings_do_not_see_each_other(tmp_path):
    first, second = (Checkpoints(tmp_path, {"seed": seed}) for seed in (1, 2))
    assert not first.others
    first.save(3, {})
    assert not first.others
    assert second.others
    assert second.newest_readable() is None
    second.clear()
    assert first.newest_readable() == 3


def test_the_order_of_an_identity_does_not_matter(tmp_path):
    Checkpoints(tmp_path, {"seed": 1, "torch": "2"}).save(3, {})
    assert Checkpoints(tmp_path, {"torch": "2", "seed": 1}).newest_readable() == 3


def test_a_checkpoint_says_what_it_is_of(tmp_path):
    identity = {"config": {"seed": 1, "betas": [0.0, 0.9]}, "torch": torch.__version__}
    checkpoints = Checkpoints(tmp_path, identity)
    checkpoints.save(7, {})
    content = torch.load(checkpoints.newest, weights_only=True)
    assert content["identity"] == identity
    assert content["step"] == 7


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def flip_a_bit_of_the_weights(path):
    with zipfile.ZipFile(path) as archive:
        entry = max(archive.infolist(), key=lambda entry: entry.file_size)
    content = bytearray(path.read_bytes())
    content[entry.header_offset + entry.file_size // 2] ^= 1
    path.write_bytes(content)


def replace_by_a_pickle(path):
    path.write_bytes(pickle.dumps({"step": 2}))


@pytest.mark.parametrize("damage", [cut, empty, flip_a_bit_of_the_weights, replace_by_a_pickle])
def test_a_broken_newest_one_is_passed_over(tmp_path, capsys, damage):
    checkpoints = Checkpoints(tmp_path, {}, keep=1)
    checkpoints.save(1, {"weights": torch.zeros(1000)}, best_step=1)
    checkpoints.save(3, {"weights": torch.zeros(1000)}, best_step=1)
    broken = checkpoints.newest
    damage(broken)
    assert checkpoints.newest_readable() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {broken}: passed over, not readable (")
    # going on from there, the broken one is not taken for the newest that has to stay
    checkpoints.save(2, {}, best_step=-1)
    assert steps_in(checkpoints) == [2]


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_checkpoint_cannot_run_code(tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path / "c", {})
    checkpoints.save(1, {"weights": torch.ones(1)})
    checkpoints.save(2, {"weights": Malicious(str(tmp_path / "made"))})
    # it would have been run by a reader that trusts the file
    with pytest.raises(pickle.UnpicklingError):
        checkpoints.load(2, CPU)
    assert checkpoints.newest_readable() == 1
    assert "step-000000002.pt: passed over" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("small_disk", [1024], indirect=True)
def test_a_full_disk_costs_the_new_checkpoint_only(small_disk, capsys):
    checkpoints = Checkpoints(small_disk, {}, keep=1)
    small, large = torch.arange(1000), torch.zeros(2**20)
    checkpoints.save(1, {"weights": small})
    checkpoints.save(2, {"weights": large})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {checkpoints.folder / 'step-000000002.pt'}: no checkpoint (")
    # no half-written file takes the room either
    assert steps_in(checkpoints) == [1]
    assert torch.equal(checkpoints.load(1, CPU)["weights"], small)
    checkpoints.save(3, {"weights": small})
    assert steps_in(checkpoints) == [3]
    assert capsys.readouterr().err == ""
