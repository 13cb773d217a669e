"""Real trainings as users start them, to be killed, told to end, and started again."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from synthetic_bundles import synthetic_events

from fastsim.bundles.events import write_events
from fastsim.bundles.representation import CONDITIONS, POINTS_COLUMN
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.data.shards import Shard, write_shard

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
# a busy machine is no failure
PATIENCE = 300
# of a training, the same whenever and however often it was interrupted
RESULTS = ("model.safetensors", "history.csv", "metrics.json")


def make_dataset(folder: Path) -> Path:
    """Write normalised shards of made-up showers, their normalisation, and test events."""
    events = {
        "train": synthetic_events(300, 1),
        "validation": synthetic_events(100, 2),
        "test": synthetic_events(100, 3),
    }
    normalization = fit_normalization(lambda: [events["train"]], "seed")
    normalization.save(folder / "normalization.json")
    for name in ("train", "validation"):
        block = events[name]
        shard = Shard(
            normalization.conditions(block.primaries),
            block.counts.astype(np.int32),
            normalization.normalize(block.primaries, block.counts, block.muons),
        )
        widths = (len(CONDITIONS), 3)
        write_shard(
            folder / f"{name}.parquet", [shard], {}, widths=widths, points_column=POINTS_COLUMN
        )
    write_events(folder / "test.parquet", events["test"], "test")
    return folder


def torchrun(processes: int) -> list[str]:
    """Return the start of a command, as in the rule."""
    signals = "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return [*command, "--signals-to-handle", signals, "--nproc-per-node", str(processes)]


def start(launcher: list[str], program: Path, dataset: Path, folder: Path, settings: str):
    """Start a training with its files in ``folder``; what it says can be read from stderr."""
    command = [*launcher, program, "--train", dataset / "train.parquet"]
    command += ["--validation", dataset / "validation.parquet"]
    command += ["--normalization", dataset / "normalization.json"]
    command += ["--checkpoints", folder / "checkpoints", "--output-dir", folder / "run"]
    return subprocess.Popen(
        [*map(str, command), *settings.split()],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def saved_step(folder: Path) -> int:
    """Return the step of the newest checkpoint, or 0."""
    names = [path.stem for path in (folder / "checkpoints").glob("*/step-*.pt")]
    return max((int(name.removeprefix("step-")) for name in names), default=0)


def wait_for_step(training: subprocess.Popen, folder: Path, step: int) -> None:
    """Wait until a checkpoint of this step or a later one is complete."""
    deadline = time.monotonic() + PATIENCE
    while saved_step(folder) < step:
        assert training.poll() is None, training.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def worker(training: subprocess.Popen, rank: int) -> int:
    """Return the process id of a rank that torchrun started."""
    children = Path(f"/proc/{training.pid}/task/{training.pid}/children").read_text().split()
    (found,) = (
        int(child)
        for child in children
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
    )
    return found


def ended(training: subprocess.Popen) -> str:
    """Wait for a training that does not succeed; return what it said."""
    _, errors = training.communicate(timeout=PATIENCE)
    assert training.returncode != 0, errors
    return errors


def finished(training: subprocess.Popen) -> str:
    """Wait for a training that succeeds; return what it said."""
    _, errors = training.communicate(timeout=PATIENCE)
    assert training.returncode == 0, errors
    return errors


def results(folder: Path) -> dict[str, bytes]:
    """Return the contents of :data:`RESULTS`."""
    return {name: (folder / "run" / name).read_bytes() for name in RESULTS}
