import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from torch.utils.tensorboard import SummaryWriter

PROGRAM = Path(__file__).parents[2] / "workflow/scripts/tools/merge_tensorboard_runs.py"


def make_run(folder, loss, begun="2026-11-20T12:00"):
    with SummaryWriter(str(folder)) as writer:
        writer.add_scalar("loss", loss, 1)
    (file,) = folder.iterdir()
    seconds = int(datetime.fromisoformat(begun).replace(tzinfo=UTC).timestamp())
    file.rename(folder / f"events.out.tfevents.{seconds}.host.1.0")


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    make_run(folder / "bundles/gan/tensorboard/first", 1.0, begun="2026-11-19T23:59")
    make_run(folder / "bundles/gan/tensorboard/second", 2.0, begun="2026-11-20T12:00")
    make_run(folder / "bundles/multiplicity/tensorboard/first", 3.0, begun="2026-11-21T00:00")
    (folder / "bundles/events").mkdir()
    (folder / "bundles/events/part-0000.parquet").touch()
    return folder


def merge(*arguments):
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def merged(*arguments, output):
    done = merge(*arguments, "--output", output)
    assert done.returncode == 0, done.stderr
    losses = losses_below(output)
    assert [line.split()[0] for line in done.stdout.splitlines()[:-1]] == sorted(losses)
    assert done.stdout.splitlines()[-1] == f"tensorboard --logdir {output}"
    return losses


def losses_below(logdir):
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(logdir)).Reload()
    return {run: multiplexer.Scalars(run, "loss")[0].value for run in multiplexer.Runs()}


def refused(*arguments):
    done = merge(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


ALL = {
    "bundles/gan/first": 1.0,
    "bundles/gan/second": 2.0,
    "bundles/multiplicity/first": 3.0,
}


@pytest.mark.parametrize("how", [[], ["--copy"]])
def test_tensorboard_finds_the_runs_under_short_names(results, tmp_path, how):
    output = tmp_path / "chosen"
    assert merged(results, *how, output=output) == ALL
    assert (output / "bundles/gan/first").is_symlink() == (not how)
    # a link shows what the run writes later, a copy does not
    with SummaryWriter(str(results / "bundles/gan/tensorboard/first")) as writer:
        writer.add_scalar("auc", 0.5, 2)
    tags = EventMultiplexer().AddRunsFromDirectory(str(output)).Reload().Runs()
    assert ("auc" in tags["bundles/gan/first"]["scalars"]) == (not how)


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (["--match", "gan/f"], ["bundles/gan/first"]),
        (["--match", "first$"], ["bundles/gan/first", "bundles/multiplicity/first"]),
        (["--since", "2026-11-20"], ["bundles/gan/second", "bundles/multiplicity/first"]),
        (["--until", "2026-11-20"], ["bundles/gan/first", "bundles/gan/second"]),
        (["--since", "2026-11-20", "--until", "2026-11-20"], ["bundles/gan/second"]),
        (
            ["--since", "2026-11-20T13:00+01:00"],
            ["bundles/gan/second", "bundles/multiplicity/first"],
        ),
        (["--since", "2026-11-20T12:01"], ["bundles/multiplicity/first"]),
    ],
)
def test_runs_are_chosen_by_name_and_date(results, tmp_path, choice, chosen):
    found = merged(results, *choice, output=tmp_path / "chosen")
    assert found == {name: ALL[name] for name in chosen}


def test_roots_may_be_globs_and_overlap(results, tmp_path):
    roots = [results / "*/gan", results / "bundles/gan/tensorboard/first"]
    found = merged(*roots, output=tmp_path / "chosen")
    assert found == {name: ALL[name] for name in ("bundles/gan/first", "bundles/gan/second")}


def test_runs_of_one_name_are_told_apart(tmp_path):
    for study, loss in (("a", 1.0), ("b", 2.0)):
        make_run(tmp_path / study / "bundles/gan/tensorboard/run", loss)
    found = merged(tmp_path / "a", tmp_path / "b", output=tmp_path / "chosen")
    assert found == {"a/bundles/gan/run": 1.0, "b/bundles/gan/run": 2.0}


def test_linked_results_are_searched_once_and_circles_end(results, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "results").symlink_to(results)
    for name in ("bundles/back", "back"):
        (results / name).symlink_to(results)
    assert merged(home, results, output=tmp_path / "chosen") == ALL


def test_a_second_call_replaces_the_first_and_leaves_the_runs_alone(results, tmp_path):
    # inside what is searched, as users will have it
    output = results / "chosen"
    assert merged(results, "--match", "gan", output=output).keys() == {*list(ALL)[:2]}
    assert merged(results, "--match", "multi", "--copy", output=output).keys() == {*list(ALL)[2:]}
    assert merged(results, output=output) == ALL
    assert losses_below(results / "bundles").keys() == {
        name.replace("bundles/", "").replace("/", "/tensorboard/") for name in ALL
    }


def test_foreign_files_are_not_touched(results, tmp_path):
    before = losses_below(results)
    assert "not made by this program" in refused(results, "--output", results)
    assert losses_below(results) == before

    output = tmp_path / "chosen"
    merged(results, output=output)
    notes = output / "bundles/notes.txt"
    notes.write_text("mine")
    assert str(notes) in refused(results, "--match", "gan", "--output", output)
    assert notes.read_text() == "mine"
    assert losses_below(output) == ALL

    file = tmp_path / "file"
    file.write_text("mine")
    assert str(file) in refused(results, "--output", file)
    assert file.read_text() == "mine"


def test_mistakes_are_told_in_one_line(results, tmp_path):
    output = tmp_path / "chosen"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "0 TensorBoard runs" in refused(empty, "--output", output)
    assert "3 TensorBoard runs found, none" in refused(results, "--match", "x", "--output", output)
    assert "nowhere" in refused(tmp_path / "nowhere", "--output", output)
    assert "--match [" in refused(results, "--match", "[", "--output", output)
    assert "--since soon" in refused(results, "--since", "soon", "--output", output)
    assert not output.exists()
