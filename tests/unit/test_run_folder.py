"""The files of a trained model are read back, or refused in one line; fingerprints."""

import pytest
import torch
from torch import nn

from fastsim.errors import InputError
from fastsim.fingerprints import hash_of, hash_of_files
from fastsim.run_folder import load_weights, read_config, save_weights, write_config


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


def test_hashes_tell_values_apart():
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1}) != hash_of({"a": 1, "b": 3})


def test_hashes_tell_contents_apart_and_not_names(tmp_path):
    def written(folder, *contents):
        (tmp_path / folder).mkdir()
        paths = [tmp_path / folder / f"{number}" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_text(content)
        return hash_of_files(paths)

    first = written("a", "one", "two")
    assert written("b", "one", "two") == first
    # another order, other borders, another content
    others = [written("c", "two", "one"), written("d", "onet", "wo"), written("e", "one", "twO")]
    assert len({first, *others}) == 4
