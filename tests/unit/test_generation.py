import numpy as np
import pytest
import torch

from fastsim.bundles.generation import MAX_MUONS, STAGE, count_uniforms, generate, load_generator
from fastsim.bundles.models.generator import Generator
from fastsim.errors import InputError
from fastsim.run_folder import save_weights, write_config

ARGUMENTS = {"conditions": 4, "width": 8, "layers": 2, "event_noise": 2, "muon_noise": 1}


@pytest.fixture
def generator():
    torch.manual_seed(1)
    generator = Generator(**ARGUMENTS).double()
    # an untrained one hands its noise on
    torch.nn.init.normal_(generator.out.weight, std=0.3)
    return generator


def events(number, seed=0):
    rng = np.random.default_rng(seed)
    conditions = rng.normal(size=(number, 4)).astype(np.float32)
    return conditions, rng.poisson(3, number), rng.permutation(number).astype(np.uint64)


def test_bundles_do_not_depend_on_batches_or_shards(generator):
    conditions, counts, ids = events(300)
    whole = generate(generator, conditions, counts, ids, seed=5)
    assert len(whole) == counts.sum()
    assert (counts == 0).any()
    for batch_events in (1, 7, 64):
        batched = generate(generator, conditions, counts, ids, 5, batch_events)
        np.testing.assert_array_equal(batched.astype(np.float32), whole.astype(np.float32))
    shards = [
        generate(generator, conditions[part], counts[part], ids[part], seed=5)
        for part in (slice(0, 100), slice(100, None))
    ]
    np.testing.assert_array_equal(np.concatenate(shards).astype(np.float32), whole.astype("f4"))


def test_seed_event_and_muon_decide(generator):
    conditions, ids = np.zeros((3, 4), dtype=np.float32), np.array([1, 1, 2], dtype=np.uint64)
    counts = np.array([2, 2, 2])
    muons = generate(generator, conditions, counts, ids, seed=5).reshape(3, 2, 3)
    np.testing.assert_allclose(muons[0], muons[1], rtol=1e-12)
    assert (muons[0] != muons[2]).all()
    assert (muons[:, 0] != muons[:, 1]).all()
    assert (muons != generate(generator, conditions, counts, ids, seed=6).reshape(3, 2, 3)).all()
    assert len(np.unique(count_uniforms(ids, 5))) == 2


def test_no_muons_and_more_than_a_batch_of_them(generator):
    conditions, ids = np.zeros((2, 4), dtype=np.float32), np.arange(2, dtype=np.uint64)
    assert generate(generator, conditions, np.array([0, 0]), ids, seed=1).shape == (0, 3)
    counts = np.array([MAX_MUONS + 10, 0])
    muons = generate(generator, conditions, counts, ids, seed=1)
    assert len(muons) == MAX_MUONS + 10
    assert np.isfinite(muons).all()


def test_azimuths_are_uniform_and_independent(generator):
    conditions, _, ids = events(4000)
    muons = generate(generator, conditions, np.full(4000, 2), ids, seed=9)
    azimuth = np.arctan2(muons[:, 2], muons[:, 1])
    assert rayleigh_p(azimuth) > 1e-3
    assert rayleigh_p(azimuth[::2] - azimuth[1::2]) > 1e-3


def rayleigh_p(azimuth):
    return np.exp(-len(azimuth) * np.abs(np.exp(1j * azimuth).mean()) ** 2)


def test_a_saved_generator_loads_as_it_was(generator, tmp_path):
    write_config(tmp_path, STAGE, {}, {"generator": ARGUMENTS})
    save_weights(tmp_path, generator.float().state_dict())
    loaded, model = load_generator(tmp_path)
    assert model["generator"] == ARGUMENTS
    inputs = (*events(10), 3)
    np.testing.assert_array_equal(
        generate(loaded.double(), *inputs), generate(generator.double(), *inputs)
    )


def test_foreign_and_broken_generators_are_told(generator, tmp_path):
    with pytest.raises(InputError, match=r"config\.yaml"):
        load_generator(tmp_path)
    write_config(tmp_path, "train_multiplicity", {}, {"generator": ARGUMENTS})
    with pytest.raises(InputError, match="train_multiplicity"):
        load_generator(tmp_path)
    write_config(tmp_path, STAGE, {}, {"generator": {"width": 8}})
    with pytest.raises(InputError, match="no generator"):
        load_generator(tmp_path)
    write_config(tmp_path, STAGE, {}, {"generator": ARGUMENTS | {"width": 16}})
    save_weights(tmp_path, generator.state_dict())
    with pytest.raises(InputError, match="does not fit"):
        load_generator(tmp_path)
