"""Keys of the whole workflow that belong together."""

import pytest

from fastsim.bundles.config.workflow import BundlesConfig
from fastsim.errors import InputError
from fastsim.settings import parse


@pytest.mark.parametrize(
    ("values", "others"),
    [
        ({}, ("flow",)),
        ({"bundle_model": "flow"}, ("gan",)),
        ({"also_compare": []}, ()),
        ({"bundle_model": "flow", "also_compare": ["gan"]}, ("gan",)),
    ],
)
def test_other_models_are_compared_unless_told_otherwise(values, others):
    assert parse(BundlesConfig, values, "test").compared_models == others


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"also_compare": ["gan"]}, "also_compare names gan, which is the bundle_model"),
        ({"bundle_model": "flow", "also_compare": ["gan", "flow"]}, "also_compare names flow"),
        ({"also_compare": ["flow", "flow"]}, "also_compare names a model twice"),
        ({"also_compare": ["vae"]}, "'gan' or 'flow'"),
    ],
)
def test_a_model_is_compared_with_others_once(values, line):
    with pytest.raises(InputError, match=line) as error:
        parse(BundlesConfig, values, "test")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"split": {"held_out_nucleus": "p"}}, "has no other to train on"),
        ({"split": {"held_out_log10_energy": [1.0, 9.0]}}, "leaves nothing to train on"),
        ({"split": {"held_out_nucleus": "He"}}, "of which simulate.composition has none"),
        ({"simulate": {"composition": {"p": 1e308, "He": 1e308}}}, "all a finite sum"),
        ({"output_dir": "./results/mine"}, "not ./results/mine"),
        ({"output_dir": "results//mine"}, "not ./results/mine"),
        ({"output_dir": "."}, "not ./results/mine"),
    ],
)
def test_what_no_run_could_end_well_with_is_refused(values, line):
    protons = {"composition": dict.fromkeys(("He", "N", "Al", "Fe"), 0.0)}
    with pytest.raises(InputError, match=line) as error:
        parse(BundlesConfig, {"simulate": protons} | values, "test")
    assert "\n" not in str(error.value)


def test_files_are_trained_on_or_for_the_transfer():
    simulated = {"transfer": {"files": ["a"]}}
    assert parse(BundlesConfig, simulated, "test").named_files == ("a",)
    own = {"events": {"source": "files", "spectral_index": 1.0}, "ingest": {"files": ["b"]}}
    assert parse(BundlesConfig, own, "test").named_files == ("b",)
    with pytest.raises(InputError, match=r"transfer\.files is given, but events.source is files"):
        parse(BundlesConfig, simulated | own, "test")
