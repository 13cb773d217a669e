"""Jobs that a killed Snakemake left in the queue, as `squeue` tells of them."""

import asyncio
import logging

import pytest
import snakemake_executor_plugin_slurm as plugin

from fastsim import slurm_queue
from fastsim.errors import InputError
from fastsim.slurm_queue import ask_until_answered, jobs_named, wait_until_gone


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Put a shell script of a name where it is found first."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def command(name, script):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return command


def test_jobs_of_one_run_are_asked_for(command, tmp_path):
    lines = "11|rule_train_gan\n12|rule_simulate_wildcards_0003"
    command("squeue", f"echo $@ > {tmp_path}/asked; cat <<'END'\n{lines}\nEND")
    assert jobs_named("run-1") == {"11": "train_gan", "12": "simulate_wildcards_0003"}
    assert "--me --noheader --name run-1 " in (tmp_path / "asked").read_text()


@pytest.mark.parametrize("cancel", [False, True])
def test_waiting_ends_with_the_last_job(command, tmp_path, monkeypatch, capsys, cancel):
    monkeypatch.setattr(slurm_queue, "SECONDS_BETWEEN_LOOKS", 0.01)
    # one look at a time takes a line
    looks = tmp_path / "looks"
    looks.write_text("11|rule_plot\n" * 3)
    command("squeue", f"head -n 1 {looks}; sed -i 1d {looks}")
    command("scancel", f"echo $@ > {tmp_path}/cancelled")
    wait_until_gone("run-1", {"11": "plot", "15": "report"}, cancel)
    assert looks.read_text() == ""
    assert (tmp_path / "cancelled").exists() == cancel
    if cancel:
        assert (tmp_path / "cancelled").read_text() == "11 15\n"
    assert "11 (plot), 15 (report)" in capsys.readouterr().err


def test_no_slurm_and_a_slurm_that_does_not_answer(command, monkeypatch):
    command("squeue", "echo 'slurm_load_jobs error: Unable to contact controller' >&2; exit 1")
    with pytest.raises(InputError, match="squeue: slurm_load_jobs error: Unable to contact"):
        jobs_named("run-1")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="squeue: No such file or directory; is this a Slurm"):
        jobs_named("run-1")


def test_plugin_asks_until_slurm_answers(command, tmp_path, monkeypatch):
    monkeypatch.setattr(slurm_queue, "SECONDS_BETWEEN_LOOKS", 0.01)
    for name in ("query_job_status", "get_min_job_age"):
        monkeypatch.setattr(plugin, name, getattr(plugin, name))
    # either fails twice
    fails = f"echo >> {tmp_path}/$0.asked; [ $(wc -l < {tmp_path}/$0.asked) -gt 2 ] || exit 1"
    for name, answer in (("squeue", "11|RUNNING"), ("scontrol", "MinJobAge = 300 sec")):
        command(name, fails.replace("$0", name) + f"; echo '{answer}'")
    ask_until_answered()
    assert plugin.get_min_job_age() == 300
    logger = logging.getLogger("test")
    status, _ = asyncio.run(plugin.query_job_status("squeue --format x", logger))
    assert status == {"11": "RUNNING"}
