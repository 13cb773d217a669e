"""Jobs of this user that Slurm holds: those that a killed Snakemake left at work."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from logging import Logger

import snakemake_executor_plugin_slurm as plugin

from fastsim.errors import InputError

SECONDS_BETWEEN_LOOKS = 10.0


def jobs_named(name: str) -> dict[str, str]:
    """Return the rules by job id of the waiting and running jobs of one run of Snakemake.

    Args:
        name: the run's own, which all its jobs have.

    Raises:
        InputError: Slurm does not answer.
    """
    # the plugin names rule and wildcards in the comment
    asked = ("squeue", "--me", "--noheader", "--name", name, "--format", "%i|%k")
    jobs = (line.split("|", 1) for line in _slurm(*asked).splitlines())
    return {number: comment.removeprefix("rule_") for number, comment in jobs}


def wait_until_gone(name: str, jobs: Mapping[str, str], cancel: bool) -> None:
    """Return when none of a run's jobs is left; tell the user which those are.

    Args:
        name: the run's own.
        jobs: see :func:`jobs_named`.
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
    while jobs_named(name):
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
