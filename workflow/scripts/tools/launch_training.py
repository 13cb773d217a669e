"""Start a training under torchrun on this node: a process per GPU, or one on the CPU.

    python workflow/scripts/tools/launch_training.py --gpus 2 workflow/scripts/train_gan.py ...

On several nodes `srun` starts this program once on each, and they find each other by what Slurm
tells its tasks:

    srun --nodes 2 --ntasks 2 python workflow/scripts/tools/launch_training.py ...
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from torch.distributed import run as torchrun
from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fastsim.engine.preemption import EXIT_STATUS
from fastsim.errors import INPUT_ERROR_STATUS
from fastsim.gpus import count_gpus

# beside those of torchrun itself: Slurm sends it ahead of the end of the job's time
SIGNALS = "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1"


def main() -> None:
    """Run torchrun; end with the status of the process that failed first, or its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument(
        "--gpus", type=int, default=0, help="of this node (default: all that the job sees)"
    )
    parser.add_argument("program", nargs=argparse.REMAINDER, help="with its arguments")
    args = parser.parse_args()
    command = ["--signals-to-handle", SIGNALS, *rendezvous()]
    command += ["--nproc-per-node", str(args.gpus or count_gpus() or 1), *args.program]
    try:
        torchrun.main(command)
    except SignalException:
        sys.exit(EXIT_STATUS)
    except ChildFailedError as failed:
        status = failed.get_first_failure()[1].exitcode
        # these the training has told in a line; of others torchrun knows which process it was
        if status not in (INPUT_ERROR_STATUS, EXIT_STATUS):
            print(failed, file=sys.stderr)
        # of one that was killed it is negative
        sys.exit(max(status, 1))


def rendezvous() -> list[str]:
    """Return torchrun's flags that say where the processes of all nodes meet."""
    nodes = int(os.environ.get("SLURM_STEP_NUM_NODES", 1))
    if nodes == 1:
        return ["--standalone"]
    job = os.environ["SLURM_JOB_ID"]
    hosts = subprocess.run(
        ["scontrol", "show", "hostnames", os.environ["SLURM_STEP_NODELIST"]],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    # not one that the system hands out, and another one for jobs that share a node
    port = 20_000 + int(job) % 10_000
    first = os.environ["SLURM_NODEID"] == "0"
    return [
        *("--nnodes", str(nodes)),
        *("--rdzv-id", job),
        *("--rdzv-backend", "c10d"),
        *("--rdzv-endpoint", f"{hosts[0]}:{port}"),
        *("--rdzv-conf", f"is_host={first}"),
        *("--local-addr", os.environ["SLURMD_NODENAME"]),
    ]


if __name__ == "__main__":
    main()
