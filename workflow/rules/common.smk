"""What the rules share: the validated settings, the places of programs and results, and helpers."""

import os
import sys
from pathlib import Path

# relative, so that moving the checkout changes no rule's input
SCRIPTS = Path(os.path.relpath(Path(workflow.basedir) / "scripts"))
sys.path.insert(0, str(SCRIPTS.resolve()))

from fastsim.bundles.config.simulate import ShowerConfig
from fastsim.bundles.config.workflow import BundlesConfig
from fastsim.engine.gpus import count_gpus
from fastsim.errors import InputError
from fastsim.settings import parse as parse_settings
from fastsim.settings import to_flags
from fastsim.sources import sources

config_files = " + ".join(os.path.relpath(file) for file in workflow.configfiles)
try:
    settings = parse_settings(BundlesConfig, config, config_files)
except InputError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)

RESULTS = settings.output_dir
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
PARTS = [f"{shard:04d}" for shard in range(settings.simulate.shards)]
SPLITS = ["train", "validation", "test"]


wildcard_constraints:
    part=r"\d{4}",
    split="|".join(SPLITS),


def library(name):
    """Return what the stage's program imports of the library; a change runs the stage again."""
    program, *imported = sources(SCRIPTS / f"{name}.py")
    return [os.path.relpath(file) for file in imported]


def shower_range(wildcards):
    """Return the flags that name the showers of a shard: a contiguous, near-equal share."""
    shard, shards, showers = (
        int(wildcards.part),
        settings.simulate.shards,
        settings.simulate.showers,
    )
    first, end = shard * showers // shards, (shard + 1) * showers // shards
    return f"--first-shower {first} --shower-count {end - first}"
