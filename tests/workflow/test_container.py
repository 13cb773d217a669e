"""Jobs in the container's image, with a stand-in for Apptainer that runs them outside."""

import os

import pytest

pytestmark = pytest.mark.slow

IMAGE = "containers/cr-muons.sif"
APPTAINER = f"""#!/bin/sh
[ "$1" = --version ] && {{ echo "apptainer version 1.4.5"; exit; }}
echo "$@" >> apptainer.log
while [ "$1" != {IMAGE} ]; do shift; done
shift
exec "$@"
"""


@pytest.fixture(autouse=True)
def _apptainer(tmp_path, monkeypatch):
    program = tmp_path / "programs" / "apptainer"
    program.parent.mkdir()
    program.write_text(APPTAINER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_a_missing_image_is_one_line(checkout):
    run = checkout.snakemake("-n", "--sdm", "apptainer", check=False)
    assert run.returncode == 2
    errors = [line for line in run.stderr.splitlines() if "error" in line]
    assert len(errors) == 1
    assert errors[0].startswith(f"error: {IMAGE}: no such image")


def test_jobs_run_in_the_image_and_only_where_they_must(checkout):
    image = checkout.folder / IMAGE
    image.parent.mkdir()
    image.touch()
    # what was made outside is not made again
    assert checkout.planned("--sdm", "apptainer") == {}
    report = checkout.results / "report.html"
    report.unlink()
    checkout.snakemake("--sdm", "apptainer")
    assert report.exists()
    calls = (checkout.folder / "apptainer.log").read_text().splitlines()
    assert len(calls) == 1
    assert "report.py" in calls[0]
    assert checkout.planned() == {}
