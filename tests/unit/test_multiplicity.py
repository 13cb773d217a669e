"""Multiplicity model: a proper distribution, learned to the likelihood of the truth."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fastsim.bundles.config.train_multiplicity import TrainMultiplicityConfig
from fastsim.bundles.models.multiplicity import (
    LOG_MEAN_RANGE,
    LOG_RATIO_LIMIT,
    STAGE,
    MultiplicityModel,
    load_multiplicity,
)
from fastsim.bundles.multiplicity_training import (
    MultiplicityTraining,
    check_folds,
    negative_log_likelihood,
    validation_metrics,
    with_count,
)
from fastsim.bundles.representation import POINTS_COLUMN, Normalization, SeedMuons
from fastsim.data.event_batches import EventBatches
from fastsim.data.normalization import Affine
from fastsim.data.shards import Shard, write_shard
from fastsim.engine.checkpoint import Checkpoints
from fastsim.engine.distributed import Process
from fastsim.engine.loop import Loop, Plan
from fastsim.errors import InputError
from fastsim.run_folder import save_weights, write_config
from fastsim.stats.calibration import randomized_pit, uniform_ks
from fastsim.stats.negative_binomial import NegativeBinomialMixture
from fastsim.tracking.logbook import Logbook

ENERGY_SCALE, MASS_SCALE = 0.9, 0.6
NUCLEI_ABOVE = -1.2
NORMALIZATION = Normalization(
    primaries={
        "log10_energy_pev": Affine(mean=-0.5, std=ENERGY_SCALE),
        "log10_mass": Affine(mean=0.9, std=MASS_SCALE),
        "cos_zenith": Affine(mean=0.75, std=0.15),
        "depth_km": Affine(mean=2.0, std=0.35),
    },
    muons=SeedMuons(energy=Affine(mean=0.0, std=1.0), position_scale=1.0),
)


def truth(conditions):
    """Negative binomials whose mean spans three decades, with a share of showers without muons.

    The mean is the number of nucleons times a curved function of the energy per nucleon and zenith.
    """
    energy, mass, zenith, _ = conditions.T.astype(np.float64)
    per_nucleon = energy - MASS_SCALE / ENERGY_SCALE * mass
    log_nucleons = np.log(10.0) * MASS_SCALE * mass
    mean = np.exp(1.0 + log_nucleons + 1.5 * per_nucleon - 0.2 * per_nucleon**2 + 0.1 * zenith)
    weights = np.tile([0.1, 0.9], (len(mean), 1))
    means = np.column_stack([np.full(len(mean), 1e-6), mean])
    shapes = np.column_stack([np.ones(len(mean)), np.full(len(mean), 3.0)])
    return NegativeBinomialMixture(weights, means, shapes)


def make_shard(events, seed):
    rng = np.random.default_rng(seed)
    conditions = rng.uniform(-1.7, 1.7, (events, 4)).astype(np.float32)
    counts = truth(conditions).quantile(rng.random(events)).astype(np.int32)
    return Shard(conditions, counts, np.zeros((counts.sum(), 3), dtype=np.float32))


def random_model(seed=0, members=1):
    torch.manual_seed(seed)
    model = MultiplicityModel(ENERGY_SCALE, MASS_SCALE, NUCLEI_ABOVE, hidden=8, members=members)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.4 * torch.randn_like(parameter))
    return model


CONDITIONS = np.random.default_rng(5).normal(size=(50, 4)).astype(np.float32)


def test_probabilities_sum_to_one_and_mean_is_closed_form():
    model = random_model()
    k = np.arange(50_000)
    for row in CONDITIONS[:3]:
        pmf = np.exp(model.distribution(row[None]).log_pmf(k[None]))[0]
        assert pmf.sum() == pytest.approx(1.0, abs=1e-6)
        assert model.distribution(row[None]).mean[0] == pytest.approx(pmf @ k, rel=1e-3)


@given(primary=st.tuples(*[st.floats(-4.0, 4.0)] * 4), seed=st.integers(0, 9))
@settings(deadline=None)
def test_no_component_is_far_from_the_mean_or_wider_than_showers_are(primary, seed):
    """Whatever the weights, whom no likelihood holds where events are few."""
    model = random_model(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(10.0)
    found = model.distribution(np.array([primary]))
    assert found.means.max() <= math.exp(2 * LOG_RATIO_LIMIT) * found.mean[0] * (1 + 1e-9)
    assert found.shapes.min() >= 0.5 * (1 - 1e-9)


@given(
    primary=st.tuples(*[st.floats(-1.5, 1.5)] * 4),
    nucleons=st.integers(1, 56),
    seed=st.integers(0, 9),
)
@settings(deadline=None)
def test_a_nucleus_gives_as_many_muons_as_its_nucleons(primary, nucleons, seed):
    # a nucleus of A times the mass number and A times the energy; a lone proton is apart
    assume(primary[1] >= NUCLEI_ABOVE)
    more = np.log10(nucleons)
    light = np.array([primary])
    heavy = light + np.array([[more / ENERGY_SCALE, more / MASS_SCALE, 0.0, 0.0]])
    of_light, of_heavy = (random_model(seed).distribution(c).mean[0] for c in (light, heavy))
    expected = nucleons * of_light
    # beyond, means are held at a limit
    assume(expected < 0.9 * math.exp(LOG_MEAN_RANGE[1]))
    assert of_heavy == pytest.approx(expected, rel=1e-9)


@given(primary=st.tuples(*[st.floats(-1.5, 1.5)] * 4), seed=st.integers(0, 9))
@settings(deadline=None)
def test_a_lone_proton_has_a_factor_of_its_own(primary, seed):
    model = random_model(seed)
    energy, _, zenith, depth = primary
    # the same energy per nucleon on both sides of the limit
    masses = np.array([NUCLEI_ABOVE - 1e-6, NUCLEI_ABOVE])
    energies = energy + MASS_SCALE / ENERGY_SCALE * (masses - masses[1])
    sides = np.column_stack([energies, masses, np.full(2, zenith), np.full(2, depth)])
    proton, nucleus = model.distribution(sides).mean
    assume(0.0 < nucleus < 0.9 * math.exp(LOG_MEAN_RANGE[1]))
    per_nucleon = torch.tensor([energy - MASS_SCALE / ENERGY_SCALE * masses[1], zenith, depth])
    factor = math.exp(model.members[0].proton(per_nucleon.double()).item())
    assert proton / nucleus == pytest.approx(factor, rel=1e-5)


def test_an_excess_of_protons_is_learnt(tmp_path):
    rng = np.random.default_rng(8)
    shard = make_shard(20_000, 8)
    mass = np.where(rng.random(len(shard)) < 0.5, -1.5, shard.conditions[:, 1].clip(-1.0))
    conditions = shard.conditions.copy()
    conditions[:, 1] = mass
    distribution = truth(conditions)
    excess = np.where(mass < NUCLEI_ABOVE, 1.2, 1.0)[:, None]
    distribution = replace(distribution, means=excess * distribution.means)
    counts = distribution.quantile(rng.random(len(shard)))
    data = Shard(conditions, counts.astype(np.int32), np.zeros((counts.sum(), 3), np.float32))
    model, _ = train(tmp_path, TrainMultiplicityConfig(epochs=8, batch_events=256), data, data)
    bias = np.log(model.distribution(conditions).mean / distribution.mean)
    # one law for all would be some 9 % off for both
    assert bias[mass < NUCLEI_ABOVE].mean() == pytest.approx(0.0, abs=0.04)
    assert bias[mass > NUCLEI_ABOVE].mean() == pytest.approx(0.0, abs=0.04)


def test_training_and_evaluation_use_the_same_probabilities():
    model = random_model()
    counts = np.random.default_rng(6).integers(0, 100_000, 50)
    torch_version = model(torch.as_tensor(CONDITIONS), torch.as_tensor(counts)).detach().numpy()
    np.testing.assert_allclose(
        model.distribution(CONDITIONS).log_pmf(counts), torch_version, rtol=1e-8
    )
    drawn = model.quantile(CONDITIONS, np.full(50, 0.5))
    assert (model.distribution(CONDITIONS).cdf(drawn) >= 0.5).all()


def test_absurd_conditions_stay_finite():
    model = random_model()
    conditions = np.full((2, 4), 1e4, dtype=np.float32) * np.array([[1], [-1]], dtype=np.float32)
    assert np.isfinite(model.distribution(conditions).mean).all()
    assert np.isfinite(model.distribution(conditions).log_pmf(np.array([0, 100_000]))).all()
    model.quantile(conditions, np.array([0.999999, 0.0]))


def test_draws_do_not_depend_on_the_batch():
    model = random_model()
    u = np.random.default_rng(7).random(50)
    whole = model.quantile(CONDITIONS, u)
    parts = [model.quantile(CONDITIONS[s], u[s]) for s in np.array_split(np.arange(50), 7)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def train(folder, config, shard, validation):
    """Return the trained model and the steps made."""
    folder.mkdir(exist_ok=True)
    path = folder / "train.parquet"
    write_shard(path, [shard], {}, widths=(4, 3), points_column=POINTS_COLUMN)
    process = Process(0, 1, torch.device("cpu"))
    data = EventBatches(
        [path],
        points_column=POINTS_COLUMN,
        prepare=partial(with_count, folds=config.folds, seed=config.seed),
        device=process.device,
        batch_events=config.batch_events,
        max_points=1,
        seed=config.seed,
        shuffle_window=None,
        resident_memory=None,
    )
    training = MultiplicityTraining(config, NORMALIZATION, data, validation, process)
    every = training.steps_per_epoch
    plan = Plan("train", training.steps, frozenset(range(every, training.steps + 1, every)), "", "")
    logbook = Logbook(folder, run_name="run")
    outcome = Loop(training, config, plan, Checkpoints(folder, {}), logbook, process).run()
    logbook.close()
    training.model.load_state_dict(outcome.weights)
    return training.model.eval(), outcome.step


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.set_num_threads(1)
    config = TrainMultiplicityConfig(
        seed=3, width=16, epochs=10, learning_rate=1e-2, batch_events=256
    )
    folder = tmp_path_factory.mktemp("trained")
    model, _ = train(folder, config, make_shard(6000, 1), make_shard(2000, 2))
    return config, model


def test_known_truth_is_recovered(trained):
    _, model = trained
    test = make_shard(20_000, 3)
    distribution = truth(test.conditions)
    best = -distribution.log_pmf(test.counts).mean()
    assert best < negative_log_likelihood(model, test) < best + 0.03
    # 1.95 / sqrt(3000) = 0.036 bounds a perfect model
    held_out = make_shard(3000, 4)
    below, at = (model.distribution(held_out.conditions).cdf(held_out.counts - k) for k in (1, 0))
    assert uniform_ks(randomized_pit(below, at, np.random.default_rng(1))) < 0.036
    ratio = model.distribution(test.conditions).mean / distribution.mean
    assert np.abs(np.log(ratio)).mean() < 0.1


def test_metrics_are_those_of_direct_sums(trained):
    _, model = trained
    shard = make_shard(100, 4)
    metrics = validation_metrics(model, shard, 1)
    k = np.arange(2500)
    pmf = np.exp(model.distribution(shard.conditions).log_pmf(np.broadcast_to(k, (100, 2500))))
    residual = pmf @ np.log10(k + 1.0) - np.log10(shard.counts + 1.0)
    assert metrics["rmse_log10_n1"] == pytest.approx(np.sqrt(np.mean(residual**2)), rel=1e-3)
    F = np.cumsum(pmf, axis=1)
    crps = ((F - (k >= shard.counts[:, None])) ** 2).sum(axis=1).mean()
    assert metrics["crps"] == pytest.approx(crps, rel=1e-3)
    bias = model.distribution(shard.conditions).mean.sum() / shard.counts.sum() - 1
    assert metrics["relative_bias_of_mean"] == pytest.approx(bias)


def test_a_seed_gives_the_same_model(tmp_path):
    config = TrainMultiplicityConfig(seed=4, width=8, epochs=2)
    shards = make_shard(2000, 1), make_shard(500, 2)
    first, second = (train(tmp_path / name, config, *shards)[0] for name in "ab")
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_accumulated_batches_train_as_large_ones(tmp_path):
    shards = make_shard(2000, 1), make_shard(500, 2)
    large, small = (
        TrainMultiplicityConfig(width=4, epochs=2, batch_events=events, accumulate=parts)
        for events, parts in ((500, 1), (100, 5))
    )
    (whole, steps), (parts, same_steps) = (
        train(tmp_path / name, config, *shards) for name, config in (("a", large), ("b", small))
    )
    assert steps == same_steps == 8
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


def test_a_shower_is_in_one_fold_with_all_its_depths():
    shard = make_shard(3000, 1)
    deeper = replace(shard, conditions=shard.conditions + np.float32([0, 0, 0, 1]))
    first, again, other = (
        with_count(each, 5, seed).conditions for each, seed in ((shard, 1), (deeper, 1), (shard, 2))
    )
    np.testing.assert_array_equal(first[:, -1], again[:, -1])
    np.testing.assert_array_equal(first[:, 4], shard.counts)
    sizes = np.bincount(first[:, -1].astype(int))
    assert len(sizes) == 5
    # five standard deviations of a binomial
    assert np.abs(sizes - 600).max() < 5 * np.sqrt(3000 * 0.2 * 0.8)
    assert (first[:, -1] == other[:, -1]).mean() == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("kinds", [1, 3])
def test_folds_of_a_few_kinds_of_primaries_are_refused_in_one_line(tmp_path, kinds):
    shard = make_shard(1000, 1)
    path = tmp_path / "train.parquet"
    write_shard(path, [shard], {}, widths=(4, 3), points_column=POINTS_COLUMN)
    check_folds([path], 5, 1)
    same = np.resize(shard.conditions[:kinds], shard.conditions.shape)
    few = Shard(same, shard.counts, shard.points)
    write_shard(path, [few], {}, widths=(4, 3), points_column=POINTS_COLUMN)
    with pytest.raises(InputError, match=r"folds: 5 folds would have 0 to .* of 1,000 training"):
        check_folds([path], 5, 1)


def test_a_member_learns_from_all_folds_but_its_own():
    model = random_model(members=3)
    counts, folds = torch.arange(50), torch.arange(50) % 3
    conditions = torch.as_tensor(CONDITIONS)
    for fold in range(3):
        own = folds == fold
        model.zero_grad()
        model(conditions[own], counts[own], folds[own]).sum().backward()
        norms = [sum(p.grad.abs().sum() for p in m.parameters()) for m in model.members]
        assert [bool(norm > 0) for norm in norms] == [number != fold for number in range(3)]
    alone = torch.stack([member(conditions, counts) for member in model.members], dim=1)
    others = [np.delete(row, fold).mean() for row, fold in zip(alone.tolist(), folds, strict=True)]
    np.testing.assert_allclose(model(conditions, counts, folds).tolist(), others)


def test_members_average_their_probabilities():
    model = random_model(members=3)
    counts = np.arange(50)
    members = [np.exp(m.log_pmf(counts)) for m in model.member_distributions(CONDITIONS)]
    np.testing.assert_allclose(
        np.exp(model.distribution(CONDITIONS).log_pmf(counts)), np.mean(members, axis=0)
    )
    trained = model(torch.as_tensor(CONDITIONS), torch.as_tensor(counts)).detach()
    np.testing.assert_allclose(trained, model.distribution(CONDITIONS).log_pmf(counts), rtol=1e-8)


def test_a_member_is_a_model_that_never_saw_its_fold(tmp_path):
    """Other counts in a fold change every member but its own, to the bit."""
    config = TrainMultiplicityConfig(width=4, epochs=2, folds=3, patience=None, gradient_clip=None)
    shard, validation = make_shard(1500, 1), make_shard(300, 2)
    own = with_count(shard, 3, config.seed).conditions[:, -1] == 1
    counts = np.where(own, 0, shard.counts).astype(np.int32)
    points = np.zeros((counts.sum(), 3), dtype=np.float32)
    changed = Shard(shard.conditions, counts, points)
    one, two = (
        train(tmp_path / name, config, each, validation)[0]
        for name, each in (("a", shard), ("b", changed))
    )
    same = [
        all(torch.equal(a, b) for a, b in zip(m.parameters(), n.parameters(), strict=True))
        for m, n in zip(one.members, two.members, strict=True)
    ]
    assert same == [False, True, False]


def test_a_training_that_diverges_is_told(monkeypatch, tmp_path):
    config = TrainMultiplicityConfig(width=4, epochs=2, log_every_steps=1)
    monkeypatch.setattr(MultiplicityModel, "start_from", diverge)
    with pytest.raises(InputError, match="step 1, batches from event 0 of epoch 0: loss or grad"):
        train(tmp_path, config, make_shard(100, 1), make_shard(100, 2))


def diverge(model, mean):
    with torch.no_grad():
        model.members[0].log_mean.linear.bias.fill_(torch.nan)


def test_run_folder_round_trip_and_refusals(trained, tmp_path):
    config, model = trained
    write_config(tmp_path, STAGE, config.model_dump(mode="json"), model.architecture)
    with pytest.raises(InputError, match=r"model\.safetensors"):
        load_multiplicity(tmp_path)
    save_weights(tmp_path, model.state_dict())
    loaded = load_multiplicity(tmp_path)
    np.testing.assert_array_equal(
        loaded.distribution(CONDITIONS).mean, model.distribution(CONDITIONS).mean
    )


def test_a_config_of_another_network_is_told_in_one_line(tmp_path):
    write_config(tmp_path, STAGE, {"seed": 1}, {"layers": 3})
    with pytest.raises(InputError, match=r"config\.yaml: model: no multiplicity"):
        load_multiplicity(tmp_path)
