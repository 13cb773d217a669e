"""Profiles that fit the rules: a wrong name in one would only show on a cluster."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml
from tests.slurm.conftest import TWO_NODES

ROOT = Path(__file__).parents[2]
PROFILES = {
    path.parent.name: yaml.safe_load(path.read_text())
    for path in (ROOT / "profiles").glob("*/config.yaml")
}
CLUSTERS = sorted(PROFILES.keys() - {"default"})
# HTCondor's plugin does not look at Snakemake's own resources
NEEDS = {
    "htcondor": ("allowed_execute_duration", "htcondor_request_mem_mb"),
    "slurm": ("runtime", "mem_mb"),
}
SAMPLING = {
    *("sample", "sample_compared", "sample_member", "sample_blind", "sample_transfer"),
    "generate",
}
TRAINING = {
    *("train_multiplicity", "train_gan", "train_flow", "train_family"),
    *("train_gan_member", "train_flow_member"),
}
GPU_RULES = TRAINING | SAMPLING


def rules() -> set[str]:
    """Names of the rules that run as jobs."""
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    return set(re.findall(r"^rule (\w+):", text, re.M)) | set(
        re.findall(r"^use rule \w+ as (\w+)", text, re.M)
    )


@pytest.mark.parametrize("name", CLUSTERS)
def test_no_key_is_shared_with_the_default_profile(name):
    assert PROFILES["default"].keys() & PROFILES[name].keys() == set()


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_rule_has_walltime_and_memory_that_grow(name):
    resources = PROFILES[name]["set-resources"]
    assert resources.keys() == rules()
    for rule, wanted in resources.items():
        for resource in NEEDS[name]:
            assert re.fullmatch(r"\d+ \* attempt", wanted[resource]), (rule, resource)
    assert PROFILES[name]["retries"] > 0


def test_gpu_rules_ask_slurm_for_one_gpu_of_one_node_and_time_for_a_checkpoint():
    resources = PROFILES["slurm"]["set-resources"]
    assert {rule for rule, wanted in resources.items() if "gpu" in wanted} == GPU_RULES
    for rule in GPU_RULES:
        assert (resources[rule]["gpu"], resources[rule]["nodes"]) == (1, 1)
        assert resources[rule]["slurm_partition"] == "gpu"
    # others would die of the signal
    signalled = {rule for rule, wanted in resources.items() if "slurm_extra" in wanted}
    assert signalled == TRAINING


def test_htcondor_gets_the_walltime_and_memory_that_slurm_gets():
    for rule, wanted in PROFILES["htcondor"]["set-resources"].items():
        seconds, memory = (wanted[resource] for resource in NEEDS["htcondor"])
        slurm = PROFILES["slurm"]["set-resources"][rule]
        assert int(seconds.split()[0]) == 60 * int(slurm["runtime"].split()[0]), rule
        assert memory == slurm["mem_mb"], rule


def test_gpu_rules_ask_htcondor_for_a_gpu_for_each_of_their_processes():
    resources = PROFILES["htcondor"]["set-resources"]
    assert {rule for rule, wanted in resources.items() if "request_gpus" in wanted} == GPU_RULES
    for rule in ("train_gan", "train_family"):
        assert resources[rule]["gpu"] == resources[rule]["request_gpus"]


def test_the_documented_way_to_several_nodes_is_the_tested_one():
    text = (ROOT / "profiles/README.md").read_text()
    lines = textwrap.indent(re.search(r"```yaml\n(.*?)```", text, re.S)[1], "    ")
    profile = (ROOT / "profiles/slurm/config.yaml").read_text()
    before, gan = profile.split("train_gan: &gan\n")
    edited = [before, "train_gan: &gan\n", gan.replace("    <<: *training\n", lines, 1)]
    documented = yaml.safe_load("".join(edited))["set-resources"]["train_gan"]
    tested = PROFILES["slurm"]["set-resources"]["train_gan"] | TWO_NODES
    tested = {name: value for name, value in tested.items() if value is not None}
    assert documented | {"gres": "gpu:1"} == tested
