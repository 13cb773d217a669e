"""A change reruns what depends on it, and nothing else."""

import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.events import read_events, write_events
from fastsim.bundles.splits import split_masks

pytestmark = pytest.mark.slow

VALIDATION = {"evaluate": 1, "plot": 1, "report": 1}


def edit(checkout, section, **values):
    overlay(checkout, {section: values})


def overlay(checkout, values):
    """Lay keys over the preset, section by section."""
    file = checkout.folder / "config" / "presets" / "debug.yaml"
    config = yaml.safe_load(file.read_text())
    for key, value in values.items():
        config[key] = config.get(key, {}) | value if isinstance(value, dict) else value
    file.write_text(yaml.safe_dump(config))


def append(checkout, source, text="\nADDED_BY_A_TEST = 1\n"):
    file = checkout.folder / "workflow" / "scripts" / source
    file.write_text(file.read_text() + text)


@pytest.fixture
def shards(checkout):
    file = checkout.folder / "config" / "presets" / "debug.yaml"
    return yaml.safe_load(file.read_text())["simulate"]["shards"]


def test_nothing_is_left_to_do_after_a_run(checkout):
    assert checkout.planned() == {}


def test_a_fresh_checkout_of_the_same_sources_reruns_nothing(checkout):
    """Git sets new times of change; contents decide."""
    for file in (checkout.folder / "workflow").rglob("*.*"):
        file.touch()
    assert checkout.planned() == {}


def test_gan_learning_rate_reruns_the_gan_and_below(checkout, shards):
    edit(checkout, "train_gan", generator_learning_rate=2.5e-4)
    assert checkout.planned() == {"train_gan": 1, "sample": shards, **VALIDATION}


def test_a_key_of_the_compared_model_reruns_its_training_and_its_column(checkout, shards):
    edit(checkout, "train_flow", width=32)
    assert checkout.planned() == {
        "train_flow": 1,
        "sample_compared": 1,
        "evaluate_compared": 1,
        "report": 1,
    }


def test_fewer_files_of_samples_are_made_anew_for_all_models(checkout):
    edit(checkout, "sample", shards=1)
    jobs = checkout.planned()
    assert (jobs["sample"], jobs["sample_compared"]) == (1, 1)


def test_models_that_change_places_are_not_trained_again(checkout, shards):
    assert checkout.planned("--config", "bundle_model=flow") == {
        "sample": shards,
        "sample_compared": 1,
        "evaluate_compared": 1,
        **VALIDATION,
    }


def test_a_larger_ensemble_trains_its_new_members_only(checkout, shards):
    assert checkout.planned("--config", "ensemble=3") == {
        "train_gan_member": 2,
        "sample_member": 2,
        "evaluate_ensemble": 1,
        "plot": 1,
        "report": 1,
    }
    run = checkout.snakemake("--dry-run", "--printshellcmds", "--config", "ensemble=3")
    seeds = re.findall(r"train_gan\.py.*? --seed (\d+)", run.stdout + run.stderr)
    assert sorted(seeds) == ["2", "3"]


def test_without_the_comparison_the_other_model_is_of_no_account(checkout):
    overlay(checkout, {"also_compare": [], "train_flow": {"width": 32}})
    assert checkout.planned() == {"report": 1}


def test_figure_option_reruns_plot_and_report(checkout):
    edit(checkout, "plot", dpi=77)
    assert checkout.planned() == {"plot": 1, "report": 1}


def test_more_showers_in_more_shards_simulate_only_the_new_ones(checkout, shards):
    config = yaml.safe_load((checkout.folder / "config" / "presets" / "debug.yaml").read_text())
    showers = config["simulate"]["showers"]
    edit(checkout, "simulate", showers=2 * showers, shards=2 * shards)
    jobs = checkout.planned()
    assert jobs["simulate"] == shards
    assert jobs["fit_normalization"] == 1
    assert jobs["normalize"] == 2 * shards


def test_another_split_reruns_all_but_the_simulation(checkout, shards):
    edit(checkout, "split", seed=2)
    jobs = checkout.planned()
    assert "simulate" not in jobs
    assert jobs["fit_normalization"] == jobs["summarize_dataset"] == 1
    assert jobs["normalize"] == shards


def test_showers_that_change_places_between_validation_and_test_train_anew(checkout):
    edit(checkout, "split", validation_share=0.3, test_share=0.2)
    # the training shards come out as they were
    checkout.snakemake("--until", "normalize")
    jobs = checkout.planned()
    assert jobs["train_multiplicity"] == jobs["train_gan"] == jobs["train_flow"] == 1
    assert jobs["sample_compared"] == jobs["evaluate_compared"] == 1


def move_muons_of(checkout, split):
    """Move the muons of the first shard's showers of a split, and split and summarise it anew."""
    file = checkout.results / "events" / "part-0000.parquet"
    events = read_events(file)
    config = yaml.safe_load((checkout.folder / "config" / "config.yaml").read_text())
    chosen = split_masks(events, SplitConfig(**config["split"]))[split]
    moved = np.where(np.repeat(chosen, events.counts), 3.0, 1.0).astype(np.float32)
    write_events(file, replace(events, muon_x=events.muon_x * moved), "test")
    checkout.snakemake("--until", "normalize", "summarize_dataset")


def test_changed_test_events_are_measured_anew(checkout):
    move_muons_of(checkout, "test")
    assert checkout.planned() == {
        "sample": 1,
        "sample_compared": 1,
        "evaluate_compared": 1,
        **VALIDATION,
    }
    # and though one stage was run before
    checkout.snakemake("--until", "sample")
    jobs = checkout.planned()
    assert jobs["evaluate"] == jobs["sample_compared"] == jobs["plot"] == 1


def test_changed_validation_events_train_anew(checkout):
    """Also where one stage, or none, was run before."""
    move_muons_of(checkout, "validation")
    jobs = checkout.planned()
    assert jobs["train_multiplicity"] == jobs["train_gan"] == jobs["train_flow"] == 1
    checkout.snakemake("--until", "train_multiplicity")
    jobs = checkout.planned()
    assert "train_multiplicity" not in jobs
    assert jobs["train_gan"] == jobs["train_flow"] == 1


def test_other_physics_reruns_every_shard(checkout, shards):
    edit(checkout, "simulate", spectral_index=1.5)
    assert checkout.planned()["simulate"] == shards


@pytest.mark.parametrize(
    "options",
    [
        ("--set-threads", "train_gan=1", "simulate=2"),
        ("--set-resources", "train_gan:mem_mb=9999", "simulate:runtime=7"),
        ("--set-resources", "train_gan:gpu=2"),
    ],
)
def test_threads_memory_and_gpus_rerun_nothing(checkout, options):
    assert checkout.planned(*options) == {}


def test_a_changed_source_of_the_gan_reruns_the_gan_but_not_the_simulation(checkout, shards):
    append(checkout, "fastsim/bundles/models/wgan_gp.py")
    jobs = checkout.planned()
    assert jobs["train_gan"] == 1
    assert jobs["sample"] == shards
    for untouched in ("simulate", "fit_normalization", "normalize", "train_multiplicity"):
        assert untouched not in jobs


def test_a_changed_figure_source_reruns_plot_and_report(checkout):
    append(checkout, "plot.py")
    assert checkout.planned() == {"plot": 1, "report": 1}
