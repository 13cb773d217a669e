"""Jobs of this user that Slurm holds: those that a killed Snakemake left at work in a folder."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from logging import Logger
from pathlib import Path

import snakemake_executor_plugin_slurm as plugin

from fastsim.errors import InputError

SECONDS_BETWEEN_LOOKS = 10.0


def jobs_of(folder: Path) -> dict[str, str]:
    """Return the rules by job id of what Snakemake's jobs wait or run in ``folder``.

    Raises:
        InputError: Slurm does not answer.
    """
    lines = _slurm("squeue", "--me", "--noheader", "--format", "%i|%k|%Z").splitlines()
    jobs = {}
    for line in lines:
        # the plugin names rule and wildcards in the comment
        number, comment, place = line.split("|", 2)
        if comment.startswith("rule_") and place == str(folder):
            jobs[number] = comment.removeprefix("rule_")
    return jobs


def wait_until_gone(folder: Path, jobs: Mapping[str, str], cancel: bool) -> None:
    """Return when none of the jobs of ``folder`` is left; tell the user which those are.

    Args:
        folder: where they work.
        jobs: see :func:`jobs_of`.
        cancel: do not let them finish.
    """
    named = ", ".join(f"{number} ({rule})" for number, rule in jobs.items())
    if cancel:
        print(f"cancelled jobs of an earlier run with another config: {named}", file=sys.stderr)
        _slurm("scancel", *jobs)
    else:
        print(
            f"waiting for jobs of an earlier run, whose results will be taken: {named}; "
            f"`scancel {' '.join(jobs)}` ends them",
            file=sys.stderr,
            flush=True,
        )
    while jobs_of(folder):
        time.sleep(SECONDS_BETWEEN_LOOKS)


def ask_until_answered() -> None:
    """Let Snakemake's plugin ask for its jobs until Slurm answers, say when a controller restarts.

    When a question fails, version 2.8.0 forgets all jobs at work and waits for ever. Without an
    answer to what it asks before, it turns to the accounts even where there are none.
    """
    query, least_age = plugin.query_job_status, plugin.get_min_job_age

    async def patient_query(
        command: str, logger: Logger
    ) -> tuple[dict[str, str], float] | tuple[None, None]:
        while (answer := await query(command, logger)) == (None, None):
            logger.warning(f"Slurm does not answer; asking again: {command}")
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return answer

    def patient_least_age() -> int:
        while (age := least_age()) is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return age

    plugin.query_job_status, plugin.get_min_job_age = patient_query, patient_least_age


def _slurm(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except OSError as error:
        raise InputError(f"{command[0]}: {error.strerror}; is this a Slurm cluster?") from None
    except subprocess.CalledProcessError as error:
        raise InputError(f"{command[0]}: {' '.join(error.stderr.split())}") from None
