"""What the rules share: the validated settings, the places of programs and results, and helpers."""

import os
import signal
import sys
from pathlib import Path
from typing import get_args

from snakemake_interface_executor_plugins.settings import DeploymentMethod

# where this file lies, also if another workflow takes the rules as a module
RULES = Path(str(workflow.current_basedir))
# relative, so that moving the checkout changes no rule's input
SCRIPTS = Path(os.path.relpath(RULES.parent / "scripts"))
IMAGE = os.path.relpath(RULES.parents[1] / "containers" / "cr-muons.sif")
sys.path.insert(0, str(SCRIPTS.resolve()))

from fastsim.bundles.config.models import BundleModel
from fastsim.bundles.config.workflow import BundlesConfig
from fastsim.gpus import count_gpus
from fastsim.errors import InputError
from fastsim.settings import check_keys, to_flags
from fastsim.settings import parse as parse_settings
from fastsim.sources import sources, write_source_list


def stop(reason):
    """End the run with one line about a mistake of the user."""
    print(f"error: {reason}", file=sys.stderr)
    sys.exit(2)


def or_stop(function, *args):
    """Return what the function returns; a mistake of the user ends the run with one line."""
    try:
        return function(*args)
    except InputError as error:
        stop(error)


def refuse(reason):
    """Return an input that ends the run when somebody asks for it."""
    return lambda wildcards: stop(reason)


if not workflow.is_main_process:
    # Slurm tells all processes of a job when its time is nearly up; this one, which would die of
    # it and end the job, must wait for the training's checkpoint
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)

# what --config says has no types: Snakemake takes what is in it for text
ON_COMMAND_LINE = workflow.config_settings.config or {}
CONFIG_FILES = " + ".join(
    # Snakemake has the one that is laid over the others first
    [os.path.relpath(file) for file in reversed(workflow.configfiles)]
    + ["--config"] * bool(ON_COMMAND_LINE)
)
for file in workflow.configfiles:
    or_stop(check_keys, os.path.relpath(file))
settings = or_stop(parse_settings, BundlesConfig, config, CONFIG_FILES, ON_COMMAND_LINE)

RESULTS = settings.output_dir
# run folder of the model that generates
MODEL = f"{RESULTS}/{settings.bundle_model}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
LAUNCHER = f"{SCRIPTS}/tools/launch_training.py"
SOURCES = Path(".snakemake/sources")
# of the models of bundles: one process a GPU, on one node or several
TRAIN_ON_ALL_GPUS = (
    "trap '' TERM USR1;"
    " OMP_NUM_THREADS={threads} {params.on_nodes} python {input.launcher}"
    " --gpus {resources.gpu}"
    " {input.program}"
    " {params.flags}"
    " --train {input.train}"
    " --validation {params.validation}"
    " --normalization {input.normalization}"
    " --checkpoints {params.checkpoints}"
    " --output-dir {params.folder}"
    " {resources.tracking}"
    # a full disk costs the log, not the training
    " 2>&1 | {{ tee {log} || true; }}"
)


def check_image():
    """Raise if jobs are to run in the container's image and it is not there."""
    asked = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method
    if asked and not Path(IMAGE).exists():
        raise InputError(
            f"{IMAGE}: no such image; --sdm apptainer needs it: build it (containers/cr-muons.def "
            "says how), or run without the option"
        )


wildcard_constraints:
    part=r"\d{4}",
    hadronic=r"\w+",
    model="|".join(get_args(BundleModel)),
    member=r"[2-9]|[1-9]\d+",


def library(name):
    """Return the file that tells what of the library the stage's program imports.

    A change of it runs the stage again. It is one file, since the time that Snakemake takes to see
    what is to do grows with the number of inputs of all jobs together.
    """
    file = SOURCES / f"{name}.txt"
    if workflow.is_main_process:
        program, *imported = sources(SCRIPTS / f"{name}.py")
        write_source_list(file, imported)
    return str(file)


def states(files):
    """Return size and time of change of each file: an older one in its place is a change, too."""
    found = [os.stat(file) for file in files if os.path.exists(file)]
    return [f"{state.st_size} {state.st_mtime_ns}" for state in found]


def part_names(shards):
    """Return the names of the shards' files."""
    return [f"{shard:04d}" for shard in range(shards)]


def share(part, total, shards):
    """Return first and end of a shard's contiguous, near-equal share of ``total``."""
    shard = int(part)
    return shard * total // shards, (shard + 1) * total // shards


def shower_range(wildcards):
    """Return the flags that name the showers of a shard."""
    first, end = share(wildcards.part, settings.simulate.showers, settings.simulate.shards)
    return f"--first-shower {first} --shower-count {end - first}"


def blind_shower_range(wildcards):
    """Return the flags that name the showers of a shard of the blind test."""
    blind = settings.blind_test
    first, end = share(wildcards.part, blind.showers, blind.shards)
    return f"--first-shower {first} --shower-count {end - first}"


def other_hadronic_flags(wildcards):
    """Return the flags of the blind test's showers with another model of interactions."""
    changes = {"hadronic_model": wildcards.hadronic}
    return to_flags(BLIND_SHOWERS.model_copy(update=changes), ShowerConfig)


def resimulation_flags(wildcards):
    """Return the flags that simulate the primaries of the transfer with a surface at an altitude."""
    config = ResimulateConfig(
        seed=settings.transfer.seed,
        hadronic_model=settings.simulate.hadronic_model,
        surface_altitude=float(wildcards.altitude),
    )
    return to_flags(config)


def tracking_flags():
    """Return the flags that say how a training is shown."""
    named = {
        "--run-name": settings.tracking.run_name,
        "--wandb-project": settings.tracking.wandb_project,
    }
    return " ".join(f"{flag} {value}" for flag, value in named.items() if value)


def on_nodes(wildcards, resources, threads):
    """Return what starts a training once on each of its nodes, or nothing if there is but one."""
    if "mpi" not in resources.keys():
        return ""
    # a rank that dies ends the others at once
    return (
        f"{resources.mpi} --kill-on-bad-exit=1 --nodes={resources.nodes} --ntasks={resources.nodes}"
        f" --cpus-per-task={threads}"
    )


def gan_member_flags(wildcards):
    """Return the flags of a member's training of the GAN."""
    return member_flags(settings.train_gan, wildcards.member)


def flow_member_flags(wildcards):
    """Return the flags of a member's training of the flow."""
    return member_flags(settings.train_flow, wildcards.member)


def member_flags(section, member):
    """Return the flags of the training of a member of the ensemble: its seed is its own."""
    return to_flags(section.model_copy(update={"seed": section.seed + int(member) - 1}))


def measured_once(wildcards, input):
    """Return the flags of what is measured once, whichever models of bundles there are."""
    multiplicity = Path(input.multiplicity_model).parent
    return f"--multiplicity {multiplicity}"


def test_events_of(wildcards):
    """Return the test events that a shard of bundles is generated for."""
    first, end = share(wildcards.part, len(TEST_EVENTS), len(SAMPLE_PARTS))
    return TEST_EVENTS[first:end]


def input_events(wildcards, input):
    """Return the event tables that bundles are generated for, where they are inputs."""
    return input.events


def timing_of_all(wildcards, input):
    """Return the timing of the one job that made all samples."""
    return input.timing


def family_flags(wildcards):
    """Return the flags of a short training whose networks are of one family."""
    changes = {
        "generator_family": wildcards.family,
        "critic_family": wildcards.family,
        "steps": settings.compare.steps,
    }
    return to_flags(settings.train_gan.model_copy(update=changes))
