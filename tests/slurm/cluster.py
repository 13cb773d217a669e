"""A throw-away Slurm cluster on this machine, for tests: nodes are daemons with names of their own.

    python tests/slurm/cluster.py up FOLDER      # configuration, spool, logs lie in FOLDER
    python tests/slurm/cluster.py down FOLDER

It needs root, Debian's ``slurm-wlm`` and ``munge`` and no systemd, cgroups or database. GPUs are
character devices, so that Slurm sets ``CUDA_VISIBLE_DEVICES``; memory is watched by sampling.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

NODES = ("node1", "node2")
CPUS, GPUS, MEMORY = 4, 2, 8000
"""Of a node, as Slurm is told; MB."""
PORT = 16_817
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "unshare", "setpriv")
# Snakemake's job step takes SLURM_CONF out of the environment
SYSTEM_CONFIG = Path("/etc/slurm")
HOSTS = Path("/etc/hosts")
MARK = "# cr-muons test cluster"
START_SECONDS = 60


def what_is_missing() -> str:
    """Return why no cluster can be started here, or nothing."""
    if os.geteuid() != 0:
        return "not root"
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"no {', '.join(missing)}: apt-get install slurm-wlm munge"
    for name in ("slurm.conf", "gres.conf"):
        file = SYSTEM_CONFIG / name
        if file.exists() and not file.is_symlink():
            return f"{file} is there: this machine belongs to a real cluster"
    return ""


class Cluster:
    """The daemons and files of a cluster in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "slurm.conf"

    def tasks(self) -> list[tuple[str, str, str]]:
        """Return job id, node and GPUs of every task that has begun."""
        lines = self._tasks.read_text().splitlines() if self._tasks.exists() else []
        return [tuple(line.split(" ")) for line in lines]

    @property
    def _tasks(self) -> Path:
        return self.folder / "tasks.txt"

    def up(self) -> None:
        """Start all daemons and wait until the nodes are ready."""
        left = SYSTEM_CONFIG / "slurm.conf"
        if left.is_symlink():
            # of tests that were killed
            Cluster(left.readlink().parent).down()
        self.folder.mkdir(parents=True, exist_ok=True)
        # the daemons of other users than root read it
        for part in (self.folder, *self.folder.parents):
            part.chmod(part.stat().st_mode | 0o011)
        self._write_config()
        for name in ("slurm.conf", "gres.conf"):
            SYSTEM_CONFIG.mkdir(exist_ok=True)
            link = SYSTEM_CONFIG / name
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder / name)
        with HOSTS.open("a") as file:
            file.writelines(f"127.0.0.1 {node} {MARK}\n" for node in NODES)
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait_for_nodes()

    def down(self) -> None:
        """Kill all jobs and daemons, and take back what was changed on the system."""
        limit = ["timeout", "-k", "5", "20"]
        subprocess.run([*limit, "scancel", "--me"], check=False, capture_output=True)
        for name in (*(f"{node}.pid" for node in NODES), "slurmctld.pid", "munge/munged.pid"):
            self._kill(self.folder / name)
        for name in ("slurm.conf", "gres.conf"):
            if (SYSTEM_CONFIG / name).is_symlink():
                (SYSTEM_CONFIG / name).unlink()
        # in place: in a container it may be mounted and then cannot be replaced
        HOSTS.write_text(
            "".join(line for line in HOSTS.read_text().splitlines(True) if MARK not in line)
        )

    def start_controller(self) -> None:
        _run("slurmctld", "-f", str(self.config))

    def stop_controller(self) -> None:
        """Stop it as a restart of its machine would; jobs go on."""
        self._kill(self.folder / "slurmctld.pid", signal.SIGTERM)

    def start_node(self, node: str) -> None:
        # a host name of its own, as jobs on other nodes have
        _run("unshare", "--uts", "sh", "-c", f"hostname {node} && exec slurmd -f {self.config}")

    def wait_for_nodes(self) -> None:
        """Wait until all nodes take jobs."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            states = subprocess.run(
                ["sinfo", "--Node", "--noheader", "--format", "%T", "--partition", "cpu"],
                check=False,
                capture_output=True,
                text=True,
            ).stdout.split()
            if states == ["idle"] * len(NODES):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"nodes are {states}; see {self.folder}/*.log")
            time.sleep(0.2)

    def _start_munge(self) -> None:
        folder = self.folder / "munge"
        folder.mkdir(exist_ok=True)
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        for path in (folder, key):
            shutil.chown(path, "munge", "munge")
        files = {"key-file": key, "socket": folder / "socket", "pid-file": folder / "munged.pid"}
        files |= {"log-file": folder / "munged.log", "seed-file": folder / "munged.seed"}
        user = ["setpriv", "--reuid", "munge", "--regid", "munge", "--clear-groups"]
        _run(*user, "munged", "--force", *(f"--{name}={path}" for name, path in files.items()))

    def _write_config(self) -> None:
        nodes = [
            f"NodeName={node} NodeHostname={node} NodeAddr=127.0.0.1 Port={PORT + 1 + number}"
            f" CPUs={CPUS} RealMemory={MEMORY} Gres=gpu:{GPUS} State=UNKNOWN"
            for number, node in enumerate(NODES)
        ]
        settings = {
            "ClusterName": "test",
            "SlurmctldHost": f"{socket.gethostname()}(127.0.0.1)",
            "SlurmUser": "root",
            "SlurmdUser": "root",
            "AuthType": "auth/munge",
            # a requeued job starts again when its credentials have expired [s]
            "AuthInfo": f"socket={self.folder}/munge/socket,cred_expire=5",
            "SlurmctldPort": PORT,
            "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": f"{self.folder}/spool.%n",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": f"{self.folder}/%n.pid",
            "SlurmctldLogFile": self.folder / "slurmctld.log",
            "SlurmdLogFile": f"{self.folder}/%n.log",
            # works without cgroups
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            # a job that takes more than it asked for is killed
            "JobAcctGatherType": "jobacct_gather/linux",
            "JobAcctGatherFrequency": 1,
            "JobAcctGatherParams": "OverMemoryKill",
            "AccountingStorageType": "accounting_storage/none",
            # writes down what each task sees
            "TaskProlog": self.folder / "task_prolog.sh",
            # squeue tells of ended jobs as long as this
            "MinJobAge": 3600,
            "MpiDefault": "none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_CPU_Memory",
            "GresTypes": "gpu",
            # promises more than the machine has, and back to work after a restart
            "SlurmdParameters": "config_overrides",
            "ReturnToService": 2,
            "SchedulerParameters": "bf_interval=2,sched_interval=2,batch_sched_delay=1",
            "SlurmctldTimeout": 30,
            "SlurmdTimeout": 60,
            "KillWait": 10,
        }
        lines = [f"{name}={value}" for name, value in settings.items()]
        lines += [*nodes, "PartitionName=cpu Nodes=ALL Default=YES", "PartitionName=gpu Nodes=ALL"]
        self.config.write_text("\n".join(lines) + "\n")
        prolog = self.folder / "task_prolog.sh"
        task = "$SLURM_JOB_ID $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES"
        prolog.write_text(f'#!/bin/sh\necho "{task}" >> {self._tasks}\n')
        prolog.chmod(0o755)
        for number in range(GPUS):
            device = self.folder / f"nvidia{number}"
            if not device.exists():
                os.mknod(device, 0o600 | 0o020000, os.makedev(1, 3))
        devices = f"{self.folder}/nvidia[0-{GPUS - 1}]"
        (self.folder / "gres.conf").write_text(f"Name=gpu Flags=nvidia_gpu_env File={devices}\n")
        (self.folder / "state").mkdir(exist_ok=True)
        for node in NODES:
            (self.folder / f"spool.{node}").mkdir(exist_ok=True)

    def _kill(self, pid_file: Path, number: signal.Signals = signal.SIGKILL) -> None:
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            process = psutil.Process(int(pid_file.read_text()))
            process.send_signal(number)
            # where nobody collects it, a process that has ended still has a number
            while process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Yield a cluster that is up; it is taken down at the end."""
    cluster = Cluster(folder)
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=START_SECONDS)


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in ("up", "down"):
        sys.exit(__doc__)
    if reason := what_is_missing():
        sys.exit(f"error: {reason}")
    cluster = Cluster(Path(sys.argv[2]).resolve())
    cluster.up() if sys.argv[1] == "up" else cluster.down()


if __name__ == "__main__":
    main()
