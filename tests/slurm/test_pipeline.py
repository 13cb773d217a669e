"""The whole workflow as jobs of a real Slurm: what is submitted, where it runs, with which GPUs."""

from collections import Counter
from datetime import datetime
from itertools import combinations

import pytest
import yaml

from tests.slurm.cluster import Cluster
from tests.slurm.conftest import TWO_NODES, ClusterCheckout, slurm
from tests.workflow.conftest import PRESET, ROOT

pytestmark = pytest.mark.slow

GPU_RULES = {"train_multiplicity", "train_gan", "train_flow", "sample", "sample_compared"}


def rule_of(job: str) -> str:
    return job.partition("_wildcards_")[0]


def submitted(checkout: ClusterCheckout, before: dict[str, str]) -> Counter[str]:
    return Counter(rule_of(job) for number, job in checkout.jobs().items() if number not in before)


@pytest.fixture(scope="session")
def gpus_of_jobs(cluster: Cluster, finished_on_cluster: ClusterCheckout):
    """Rule, node and GPUs of the jobs of the finished run that saw any."""
    jobs = finished_on_cluster.jobs()
    seen = {number: (node, gpus) for number, node, gpus in cluster.tasks() if gpus}
    return {
        number: (rule_of(jobs[number]), *where) for number, where in seen.items() if number in jobs
    }


def test_every_stage_ran_once_as_a_job(finished_on_cluster: ClusterCheckout):
    report = finished_on_cluster.results / "report.html"
    assert report.stat().st_size > 100_000
    shards = yaml.safe_load((ROOT / PRESET).read_text())["simulate"]["shards"]
    per_shard = ["simulate", "normalize", "sample"]
    once = ["fit_normalization", "summarize_dataset", "train_multiplicity", "train_gan"]
    once += ["train_flow", "sample_compared", "evaluate", "evaluate_compared", "plot", "report"]
    expected = dict.fromkeys(per_shard, shards) | dict.fromkeys(once, 1)
    assert submitted(finished_on_cluster, {}) == expected


def test_gpu_rules_and_no_others_see_one_gpu(gpus_of_jobs):
    assert {rule for rule, *_ in gpus_of_jobs.values()} == GPU_RULES
    assert all(len(gpus.split(",")) == 1 for _, _, gpus in gpus_of_jobs.values())


def test_no_gpu_has_two_jobs_at_a_time(gpus_of_jobs):
    times = {}
    for line in slurm("squeue", "--states", "all", "--noheader", "--format", "%i|%S|%e"):
        number, *span = line.split("|")
        if number in gpus_of_jobs:
            times[number] = [datetime.fromisoformat(end) for end in span]
    assert times.keys() == gpus_of_jobs.keys()
    for one, other in combinations(times, 2):
        if gpus_of_jobs[one][1:] == gpus_of_jobs[other][1:]:
            apart = times[one][1] <= times[other][0] or times[other][1] <= times[one][0]
            assert apart, (one, other)


def test_change_of_config_submits_only_what_depends_on_it(checkout: ClusterCheckout):
    before = checkout.jobs()
    checkout.configure(plot={"dpi": 77})
    checkout.snakemake()
    assert submitted(checkout, before) == {"plot": 1, "report": 1}


def test_another_place_of_the_training_is_no_other_training(checkout: ClusterCheckout):
    checkout.set_profile(**TWO_NODES)
    assert checkout.planned() == {}
