"""Small defects of otherwise perfect generators: which figure sees each, and that none is made up.

Every case names the figure that has to be significant for the defect and not without it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from tests.unit.bundle_samples import draw_events, draw_primaries, toy_mean

from fastsim.bundles.correlation_metrics import correlations
from fastsim.bundles.described import Described
from fastsim.bundles.distortions import scale_energy, scale_radius, shuffle_muons
from fastsim.bundles.distribution_metrics import observable_distances
from fastsim.bundles.events import Events
from fastsim.bundles.multiplicity_metrics import multiplicity_metrics
from fastsim.bundles.one_depth import one_depth
from fastsim.bundles.primaries import energy_per_nucleon
from fastsim.bundles.scale_metrics import overall_scales
from fastsim.bundles.tail_metrics import FAR, HIGH_ENERGY, tails
from fastsim.stats.negative_binomial import NegativeBinomialMixture

SIGNIFICANT = 4.0
PRIMARIES = draw_primaries(20_000, 1)
# one muon in a thousand above 100 TeV
SCALE = 10.0 ** (HIGH_ENERGY - 2.0 - 3.1 * 0.55)
TRUTH, TWIN = (draw_events(PRIMARIES, seed, energy_scale=SCALE, hardening=0.3) for seed in (2, 3))
# and one in a thousand beyond 200 m
REACH = FAR / np.quantile(np.hypot(TRUTH.muon_x, TRUTH.muon_y), 0.999) - 1.0
TRUTH, TWIN = (scale_radius(events, None, REACH) for events in (TRUTH, TWIN))


def cut_energy(events: Events, rng: np.random.Generator) -> Events:
    """No energy above 100 TeV."""
    limit = np.float32(10.0**HIGH_ENERGY)
    return replace(events, muon_energy=np.minimum(events.muon_energy, limit))


def cut_radius(events: Events, rng: np.random.Generator) -> Events:
    """No muon beyond 200 m: drawn in to the limit."""
    shrink = np.minimum(1.0, 0.999 * FAR / np.hypot(events.muon_x, events.muon_y))
    return replace(events, muon_x=events.muon_x * shrink, muon_y=events.muon_y * shrink)


def harden_few(events: Events, rng: np.random.Generator) -> Events:
    """One muon in five hundred takes nearly all energy of a nucleon."""
    limits = energy_per_nucleon(events.primaries[:, 0], events.primaries[:, 1])
    few = rng.random(len(events.muon_energy)) < 0.002
    energy = np.where(few, 0.99 * np.repeat(limits, events.counts), events.muon_energy)
    return replace(events, muon_energy=energy.astype(np.float32))


def scale_pull(quantity: str) -> Callable[[Events], float]:
    return lambda events: overall_scales(Described(TRUTH), Described(events))[quantity]["pull"]


def tail_pull(name: str) -> Callable[[Events], float]:
    return lambda events: tails(Described(TRUTH), Described(events))[name]["pull"]


def pair_pull(events: Events) -> float:
    return correlations(Described(TRUTH), Described(events), 2, 1)["pair_energy"]["pull"]


@pytest.mark.parametrize(
    ("defect", "figure"),
    [
        (partial(scale_energy, strength=0.02), scale_pull("energy")),
        (partial(scale_energy, strength=-0.02), scale_pull("energy")),
        (partial(scale_radius, strength=0.05), scale_pull("radius")),
        (shuffle_muons, pair_pull),
        (cut_energy, tail_pull("energy_above_100_tev")),
        (cut_radius, tail_pull("radius_above_200_m")),
        (harden_few, tail_pull("leading_last_per_mille")),
    ],
    ids=[
        "energies 2 % up: scale of the energy",
        "energies 2 % down: scale of the energy",
        "radii 5 % up: scale of the radius",
        "muons shuffled at equal N: correlation of two energies",
        "no energy above 100 TeV: tail of the energy",
        "no radius beyond 200 m: tail of the radius",
        "one muon in 500 with a nucleon's energy: tail of the leading muons",
    ],
)
def test_pull_sees_the_defect(defect, figure) -> None:
    assert abs(figure(TWIN)) < SIGNIFICANT
    assert abs(figure(defect(TWIN, np.random.default_rng(4)))) > SIGNIFICANT


def test_poisson_in_place_of_the_true_multiplicity_is_seen_by_pit_and_ks() -> None:
    """N of shape 3 against its Poisson: in the PIT of the model, and in the drawn numbers."""
    rows = np.arange(0, len(TRUTH), 8)
    truth, twin = TRUTH.select(rows), TWIN.select(rows)
    mean = toy_mean(truth.primaries.astype(np.float64))[:, None]

    def pit_ks(shape: float) -> float:
        distribution = NegativeBinomialMixture(np.ones_like(mean), mean, np.full_like(mean, shape))
        scores = multiplicity_metrics(distribution, truth, 1)
        return scores["model"]["pit_ks"] / scores["floor"]["pit_ks"]

    # the Kolmogorov distribution has mean 0.87 and exceeds 2.2, 2.5 times as much, in 1 of 8,000
    assert pit_ks(3.0) < 2.5
    assert pit_ks(1e6) > 2.5

    def ks(events: Events) -> float:
        pair = (Described(e.select(one_depth(e, 1))) for e in (truth, events))
        figure = observable_distances(*pair, 20, 1)["n"]
        return (figure["generated"]["ks"] - figure["floor"]["ks"]) / figure["floor"]["ks_error"]

    assert ks(twin) < SIGNIFICANT
    assert ks(draw_events(truth.primaries, 5, shape=None)) > SIGNIFICANT
