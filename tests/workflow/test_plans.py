"""What each target makes from nothing with the debug preset: its rules, and how often they run."""

import pytest
import yaml

from tests.workflow.conftest import PRESET, ROOT, Checkout

pytestmark = pytest.mark.slow

CONFIG = yaml.safe_load((ROOT / PRESET).read_text())
SHARDS = CONFIG["simulate"]["shards"]
BLIND_SHARDS = CONFIG["blind_test"]["shards"]
HADRONIC_SHARDS = CONFIG["blind_test"]["hadronic_shards"]

DATASET = {
    "simulate": SHARDS,
    "fit_normalization": 1,
    "normalize": SHARDS,
    "summarize_dataset": 1,
}
TRAINED = DATASET | {"train_multiplicity": 1, "train_gan": 1, "train_flow": 1}
SAMPLED = {"sample": SHARDS, "sample_compared": 1}
EVALUATED = {"evaluate": 1, "evaluate_compared": 1}
REPORT = TRAINED | {"plot": 1, "report": 1} | SAMPLED | EVALUATED


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """Return a copy in which nothing has run; not to be changed."""
    return Checkout.make(tmp_path_factory.mktemp("untouched"))


def test_the_report(untouched):
    assert untouched.planned() == REPORT


def test_values_on_the_command_line_have_their_types(untouched):
    values = ("plot={dpi: 60}", "train_gan={restore_best: false, patience: null}", "ensemble=1")
    assert untouched.planned("--config", *values, "also_compare=null") == REPORT


def test_the_blind_test_needs_no_report(untouched):
    assert untouched.planned("blind_test") == TRAINED | {
        "simulate_blind": BLIND_SHARDS,
        # two other releases of Sibyll
        "simulate_hadronic": 2 * HADRONIC_SHARDS,
        # GAN and flow
        "sample_blind": 2,
        "evaluate_blind": 2,
        "compare_hadronic": 1,
        "blind_test": 1,
    }


@pytest.mark.parametrize("model", ["gan", "flow"])
def test_an_ensemble_of_two_trains_one_more(untouched, model):
    options = ("--config", "ensemble=2", f"bundle_model={model}")
    assert untouched.planned(*options) == REPORT | {
        f"train_{model}_member": 1,
        "sample_member": 1,
        "evaluate_ensemble": 1,
    }


def test_families_are_compared_without_a_model_of_the_report(untouched):
    assert untouched.planned("compare") == DATASET | {"train_family": 3, "compare": 1}


def test_bundles_for_own_primaries_need_one_trained_model(untouched):
    options = ("--config", "generate={'primaries': 'config/config.yaml'}")
    assert untouched.planned("generate", *options) == DATASET | {
        "train_multiplicity": 1,
        "train_gan": 1,
        "read_primaries": 1,
        "generate": 1,
    }
