"""Taking up a run on a Slurm cluster whose Snakemake was killed while its jobs went on."""

import socket
import time
from urllib.parse import quote

import psutil
from fastsim.files import read_json, write_json
from fastsim.fingerprints import hash_of, hash_of_files
from fastsim.slurm_queue import ask_until_answered, jobs_named, wait_until_gone

# one for each output_dir: runs with folders of their own may go side by side
RUN_FILE = Path(".snakemake/started_with") / f"{quote(RESULTS, safe='')}.json"


def take_up_earlier_run():
    """Let jobs that an earlier Snakemake left at work end, and take what they made.

    Snakemake itself would submit them again beside those at work. It would not know either with
    which parameters they made what they made, so that a later change of those would go unseen.
    """
    if workflow.executor_plugin.name != "slurm":
        return
    ask_until_answered()
    rules = sorted(RULES.glob("*.smk"))
    run = {"config": hash_of(settings.model_dump(mode="json")), "rules": hash_of_files(rules)}
    earlier = or_stop(read_json, RUN_FILE) if RUN_FILE.exists() else {"run": run}
    if "snakemake" in earlier and goes_on(*earlier["snakemake"]):
        # it sees to its jobs itself; Snakemake's lock keeps the two from the same files
        return
    same, name = earlier["run"] == run, earlier.get("jobs")
    if name and (jobs := or_stop(jobs_named, name)):
        began = time.time()
        or_stop(wait_until_gone, name, jobs, not same)
        if same:
            record(job for job in workflow.dag.jobs if is_complete(job) and not known(job, began))
        # what there is to do has been found out before
        workflow.persistence.unlock()
        os.execv(sys.executable, [sys.executable, "-m", "snakemake", *sys.argv[1:]])
    unknown = [
        job
        for job in workflow.dag.jobs
        if is_complete(job) and not known(job) and not workflow.dag.needrun(job)
    ]
    if unknown and not same:
        print(
            f"error: {unknown[0].output[0]}: made by a job of an earlier run with another config "
            f"while no Snakemake was there; add `--forcerun "
            f"{' '.join(sorted({job.rule.name for job in unknown}))}`",
            file=sys.stderr,
        )
        sys.exit(2)
    record(unknown)
    # the plugin gives all jobs of a run one name, and tells nobody else
    jobs = workflow.scheduler._executor.run_uuid
    this = [socket.gethostname(), os.getpid(), psutil.Process().create_time()]
    write_json(RUN_FILE, {"run": run, "jobs": jobs, "snakemake": this})


def goes_on(host, number, started):
    """Return whether a process is still at work, as far as this machine can tell."""
    here = host == socket.gethostname() and psutil.pid_exists(number)
    return here and psutil.Process(number).create_time() == started


def is_complete(job):
    """Return whether the job's results are there and none was left unfinished."""
    return (
        job.output
        and all(Path(file).exists() for file in job.output)
        and not workflow.async_run(workflow.persistence.incomplete(job))
    )


def known(job, since=float("inf")):
    """Return whether Snakemake has a record of the job's results as they were made, before then."""
    return workflow.persistence.has_metadata(job) and all(
        Path(file).stat().st_mtime < since for file in job.output
    )


def record(jobs):
    """Let Snakemake note that these jobs ended well with the parameters of now."""
    for job in jobs:
        workflow.async_run(workflow.persistence.finished(job))
