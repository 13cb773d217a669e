"""Showers that are held out: in the test or nowhere, by their primary alone."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bundle_samples import MASSES, draw_events, draw_primaries

from fastsim.airshower.primaries import NUCLEI
from fastsim.bundles.config.split import HeldOutConfig, Nucleus, SplitConfig
from fastsim.bundles.config.workflow import BundlesConfig
from fastsim.bundles.primaries import MASS_NUMBERS, mass_number
from fastsim.bundles.splits import SPLITS, held_out, split_masks
from fastsim.errors import InputError
from fastsim.settings import parse

EVENTS = draw_events(draw_primaries(400, 1), 2)

limits = st.tuples(st.floats(4.5, 7.5), st.floats(4.5, 7.5)).filter(lambda x: x[0] != x[1])
configs = st.builds(
    SplitConfig,
    held_out_nucleus=st.none() | st.sampled_from(get_args(Nucleus)),
    held_out_log10_energy=st.none() | limits.map(lambda x: (min(x), max(x))),
    seed=st.integers(0, 1000),
)


def expected(config):
    """Return which events are held out, one after the other."""
    held = []
    for energy, mass, *_ in EVENTS.primaries.tolist():
        nucleus = NUCLEI.get(config.held_out_nucleus)
        is_nucleus = nucleus is not None and abs(mass - nucleus.mass) < 1e-3
        low, high = config.held_out_log10_energy or (1.0, 0.0)
        held.append(is_nucleus or low <= np.log10(energy) < high)
    return np.array(held)


def test_the_nuclei_are_those_of_the_simulation():
    assert {name: nucleus.mass_number for name, nucleus in NUCLEI.items()} == MASS_NUMBERS
    assert set(get_args(Nucleus)) == NUCLEI.keys()
    assert set(mass_number(MASSES)) == set(MASS_NUMBERS.values())


@given(config=configs)
def test_held_out_showers_are_in_the_test_or_nowhere(config):
    nothing = HeldOutConfig().model_dump()
    before = split_masks(EVENTS, config.model_copy(update=nothing))
    after = split_masks(EVENTS, config)
    np.testing.assert_array_equal(after["test"], before["test"])
    for name in ("train", "validation"):
        np.testing.assert_array_equal(after[name], before[name] & ~expected(config))


@given(config=configs, data=st.data())
def test_a_shower_keeps_its_place_among_any_others(config, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(EVENTS) - 1), max_size=20)), dtype=int)
    whole, part = split_masks(EVENTS, config), split_masks(EVENTS.select(rows), config)
    for name in SPLITS:
        np.testing.assert_array_equal(part[name], whole[name][rows])
        # both depths of a shower
        np.testing.assert_array_equal(whole[name][::2], whole[name][1::2])


def test_energies_are_held_out_from_the_first_to_below_the_second():
    primaries = np.float32([[10**5.5, 0.938, 0, 1500], [999_999, 0.938, 0, 1500], [1e6, 13, 0, 9]])
    # the nearest float32 of 10^5.5 lies above it
    config = HeldOutConfig(held_out_log10_energy=(5.5, 6.0))
    assert held_out(primaries, config)["energies"].tolist() == [True, True, False]
    assert held_out(primaries, HeldOutConfig()) == {}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"split": {"held_out_nucleus": "O"}}, "split.held_out_nucleus = \"O\": .*'p', 'He'"),
        ({"split": {"held_out_log10_energy": [6, 5.5]}}, "the second must be above the first"),
        ({"split": {"held_out_log10_energy": [5.5, 5.5]}}, "the second must be above the first"),
        ({"split": {"held_out_log10_energy": [5.5]}}, "split.held_out_log10_energy"),
        ({"split": {"held_out_log10_energy": 5.5}}, "split.held_out_log10_energy = 5.5"),
        (
            {"split": {"held_out_log10_energy": [7, 8]}},
            "nothing is simulated; .* 4 to 7",
        ),
        (
            {
                "split": {"held_out_nucleus": "N"},
                "simulate": {"composition": {"N": 0.0}},
            },
            "held_out_nucleus is N, of which simulate.composition has none",
        ),
    ],
)
def test_bad_values_are_refused_in_one_line(values, line):
    with pytest.raises(InputError, match=line) as error:
        parse(BundlesConfig, values, "test")
    assert "\n" not in str(error.value)


def test_of_own_files_anything_may_be_held_out():
    values = {
        "events": {"source": "files", "spectral_index": 2.0},
        "ingest": {"files": ["showers.parquet"]},
        "split": {"held_out_log10_energy": [7.5, 8.0]},
    }
    assert parse(BundlesConfig, values, "test").split.held_out_log10_energy == (7.5, 8.0)
