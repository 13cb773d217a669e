"""Measure the WGAN-GP's training: events and muons a second, for one and two processes.

Run, after `make run`: python benchmarks/bench_training.py [results folder]

Every training has the same global batch, so that the ratio of the two rates is the strong scaling.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "workflow/scripts/train_gan.py"
STEPS = 200


def steps_per_second(results: Path, processes: int, folder: Path) -> float:
    """Train for :data:`STEPS` steps on one thread a process; return the rate that it reports."""
    command = ["torchrun", "--standalone", "--nproc-per-node", str(processes), str(SCRIPT)]
    for split in ("train", "validation"):
        shards = sorted((results / "dataset" / split).glob("*.parquet"))
        if not shards:
            sys.exit(f"{results} holds no finished run: `make run` makes one")
        command += [f"--{split}", *map(str, shards)]
    command += ["--normalization", str(results / "dataset" / "normalization.json")]
    command += ["--checkpoints", str(folder / "checkpoints"), "--output-dir", str(folder / "gan")]
    command += ["--steps", str(STEPS), "--evaluations", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    # the last line with a time left comes before the evaluation at the end
    return float(re.findall(r"([\d.]+)/s, .* left", run.stderr)[-1])


def main() -> None:
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results/bundles")
    rates = {}
    for processes in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            rates[processes] = steps_per_second(results, processes, Path(folder))
        print(f"{processes} process(es) of one thread: {rates[processes]:.2f} steps/s")
    print(f"two processes against one: {rates[2] / rates[1]:.2f} times")


if __name__ == "__main__":
    main()
