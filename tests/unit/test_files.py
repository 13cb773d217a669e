"""Files are complete or absent."""

import json
import os
import signal
import subprocess
import sys

import pytest

from fastsim.errors import InputError
from fastsim.files import atomic_path, read_json, write_json


def test_replaces_the_old_file_only_at_the_end(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("one")
        assert not target.exists()
    with atomic_path(target) as temporary:
        temporary.write_text("two")
        assert target.read_text() == "one"
    assert target.read_text() == "two"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")

    def fail():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_results_are_as_readable_as_other_files(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    write_json(tmp_path / "result.json", {})
    assert (tmp_path / "result.json").stat().st_mode == plain.stat().st_mode


def test_json_round_trip_and_refusals(tmp_path):
    file = tmp_path / "a.json"
    write_json(file, {"x": [1, 2.5]})
    assert read_json(file) == {"x": [1, 2.5]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(file, {"x": float("nan")})
    assert json.loads(file.read_text()) == {"x": [1, 2.5]}
    file.write_text("{")
    with pytest.raises(InputError, match=r"a\.json: cannot be read as JSON"):
        read_json(file)
    with pytest.raises(InputError, match=r"b\.json: cannot be read"):
        read_json(tmp_path / "b.json")


PROGRAM = """
import sys, time
from fastsim.errors import exit_on_input_error
from fastsim.files import atomic_path

@exit_on_input_error
def main():
    with atomic_path(sys.argv[1]) as temporary:
        temporary.write_text("half")
        print(temporary, flush=True)
        # a signal that comes just before a sleep does not end it: many short ones
        for _ in range(600):
            time.sleep(0.1)

main()
"""


def test_a_program_told_to_end_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "file.txt")]
    # the library is where pytest found it
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip().startswith(str(tmp_path))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
