"""Generation by either model: a bundle is a function of seed and event, however batched."""

from functools import partial

import numpy as np
import pytest
import torch

from fastsim.bundles import flow_generation, generation
from fastsim.bundles.batched_generation import count_uniforms
from fastsim.bundles.models.flow import BundleFlow
from fastsim.bundles.models.generator import Generator
from fastsim.bundles.sampling import load_sampler
from fastsim.errors import InputError
from fastsim.run_folder import save_weights, write_config

GENERATOR = {"conditions": 4, "width": 8, "layers": 2, "event_noise": 2, "muon_noise": 1}
FLOW = {"conditions": 4, "width": 8, "transforms": 2, "bins": 4}
MAX_MUONS = max(generation.MAX_MUONS["cpu"], flow_generation.MAX_MUONS["cpu"])


def make_generator():
    torch.manual_seed(1)
    generator = Generator(**GENERATOR).double()
    # an untrained one hands its noise on
    torch.nn.init.normal_(generator.out.weight, std=0.3)
    return generator


def make_flow():
    torch.manual_seed(1)
    flow = BundleFlow(**FLOW).double()
    for transform in flow.muon.transform.transforms:
        torch.nn.init.normal_(transform.hyper[-1].weight, std=0.5)
    return flow


@pytest.fixture(params=["gan", "flow"])
def model(request):
    """Module that generates, its network, and how a run folder describes it."""
    if request.param == "gan":
        return generation, make_generator(), {"generator": GENERATOR}
    return flow_generation, make_flow(), {"flow": FLOW}


@pytest.fixture
def generate(model):
    module, network, _ = model
    return partial(module.generate, network)


def events(number, seed=0):
    rng = np.random.default_rng(seed)
    conditions = rng.normal(size=(number, 4)).astype(np.float32)
    return conditions, rng.poisson(3, number), rng.permutation(number).astype(np.uint64)


def test_bundles_do_not_depend_on_batches_or_shards(generate):
    conditions, counts, ids = events(300)
    whole = generate(conditions, counts, ids, seed=5)
    assert len(whole) == counts.sum()
    assert (counts == 0).any()
    for batch_events in (1, 7, 64):
        batched = generate(conditions, counts, ids, 5, batch_events)
        np.testing.assert_allclose(batched, whole, rtol=0, atol=1e-12)
    shards = [
        generate(conditions[part], counts[part], ids[part], seed=5)
        for part in (slice(0, 100), slice(100, None))
    ]
    np.testing.assert_allclose(np.concatenate(shards), whole, rtol=0, atol=1e-12)


def test_seed_event_and_muon_decide(generate):
    conditions, ids = np.zeros((3, 4), dtype=np.float32), np.array([1, 1, 2], dtype=np.uint64)
    counts = np.array([2, 2, 2])
    muons = generate(conditions, counts, ids, seed=5).reshape(3, 2, 3)
    np.testing.assert_allclose(muons[0], muons[1], rtol=1e-12)
    assert (muons[0] != muons[2]).all()
    assert (muons[:, 0] != muons[:, 1]).all()
    assert (muons != generate(conditions, counts, ids, seed=6).reshape(3, 2, 3)).all()
    assert len(np.unique(count_uniforms(ids, 5))) == 2


def test_no_muons_and_more_than_a_batch_of_them(generate):
    conditions, ids = np.zeros((2, 4), dtype=np.float32), np.arange(2, dtype=np.uint64)
    assert generate(conditions, np.array([0, 0]), ids, seed=1).shape == (0, 3)
    counts = np.array([MAX_MUONS + 10, 0])
    muons = generate(conditions, counts, ids, seed=1)
    assert len(muons) == MAX_MUONS + 10
    assert np.isfinite(muons).all()


def test_azimuths_are_uniform_and_independent(generate):
    conditions, _, ids = events(4000)
    muons = generate(conditions, np.full(4000, 2), ids, seed=9)
    azimuth = np.arctan2(muons[:, 2], muons[:, 1])
    assert rayleigh_p(azimuth) > 1e-3
    assert rayleigh_p(azimuth[::2] - azimuth[1::2]) > 1e-3


def rayleigh_p(azimuth):
    return np.exp(-len(azimuth) * np.abs(np.exp(1j * azimuth).mean()) ** 2)


def test_a_saved_model_loads_as_it_was(model, generate, tmp_path):
    module, network, description = model
    inputs = (*events(10), 3)
    network.float()
    write_config(tmp_path, module.STAGE, {}, description)
    save_weights(tmp_path, network.state_dict())
    loaded, said = load_sampler(tmp_path)
    network.double()
    assert said == description
    np.testing.assert_array_equal(loaded(*inputs), generate(*inputs))


def test_foreign_and_broken_models_are_told(model, tmp_path):
    module, network, description = model
    ((key, arguments),) = description.items()
    with pytest.raises(InputError, match=r"config\.yaml"):
        load_sampler(tmp_path)
    write_config(tmp_path, "train_multiplicity", {}, description)
    with pytest.raises(InputError, match="of a train_gan or train_flow run is needed"):
        load_sampler(tmp_path)
    write_config(tmp_path, module.STAGE, {}, {key: {"width": 8}})
    with pytest.raises(InputError, match="model: no "):
        load_sampler(tmp_path)
    write_config(tmp_path, module.STAGE, {}, {key: arguments | {"width": 16}})
    save_weights(tmp_path, network.state_dict())
    with pytest.raises(InputError, match="does not fit"):
        load_sampler(tmp_path)
