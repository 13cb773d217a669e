"""A wrong config ends with one line before any job starts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import ROOT

pytestmark = pytest.mark.slow


def run(tmp_path, *args):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [
            "snakemake",
            "--cores",
            "1",
            "--directory",
            str(tmp_path),
            "-s",
            "workflow/Snakefile",
            *args,
        ],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def own_files(*patterns, **ingest):
    """Return a config for the user's own showers."""
    return {
        "events": {"source": "files", "spectral_index": 2.0},
        "ingest": {"files": list(patterns), **ingest},
    }


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"simulate": {"shower": 10}}, "simulate.shower is not a key; did you mean showers?"),
        ({"train_gam": {}}, "train_gam is not a key; did you mean train_gan?"),
        ({"simulate": {"showers": "many"}}, 'simulate.showers = "many": input should be a valid'),
        ({"simulate": {"zenith_max": 95.0}}, "simulate.zenith_max = 95.0: input should be less"),
        ({"simulate": {"energy_min": 1e7, "energy_max": 1e5}}, "energy_max must be above"),
        ({"output_dir": "../elsewhere/$(x)"}, "output_dir = "),
        ({"output_dir": "/scratch/me"}, "a folder as seen from the working directory is needed"),
        ({"split": {"test_share": 0.95}}, "test_share"),
        ({"also_compare": ["gan"]}, "also_compare names gan, which is the bundle_model"),
        (
            {"blind_test": {"hadronic_models": ["sibyll23d"]}},
            "blind_test.hadronic_models names sibyll23d, which is simulate.hadronic_model",
        ),
        ({"fit_normalization": {"representation": "raw"}}, "'fitted' or 'seed'"),
        ({"events": {"source": "file"}}, "'simulate' or 'files'"),
        ({"events": {"source": "files"}}, "ingest.files names none"),
        (
            {"events": {"source": "files"}, "ingest": {"files": ["a"]}},
            "events.spectral_index is missing",
        ),
        ({"ingest": {"files": ["a"]}}, "events.source is simulate, not files"),
        ({"ingest": {"angle": "degrees"}}, "'rad' or 'degree'"),
        ({"ingest": {"max_rejected_fraction": 1.5}}, "ingest.max_rejected_fraction = 1.5"),
        ({"generate": {"primaries": "nowhere.csv"}}, "primaries: nowhere.csv: no such file"),
        (own_files("nowhere/*.parquet"), "ingest.files: nowhere/*.parquet: names no file"),
        (own_files(str(ROOT)), "is a folder; name the files in it"),
        (own_files("http://127.0.0.1:9/*.parquet"), "http://127.0.0.1:9/*.parquet: cannot be"),
        (own_files(str(ROOT / "README.md"), token_file="nowhere"), "token file nowhere: cannot"),
    ],
)
def test_wrong_keys_and_values(tmp_path, values, line):
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(values))
    result = run(tmp_path, "--configfile", str(file))
    assert result.returncode == 2
    assert line in result.stderr
    assert "mine.yaml" in result.stderr
    assert len([text for text in result.stderr.splitlines() if "error" in text.lower()]) == 1
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "results").exists()


def test_a_wrong_value_on_the_command_line(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("plot: {dpi: 60}\n")
    result = run(tmp_path, "--configfile", str(file), "--config", "plot={dpi: many}")
    assert result.returncode == 2
    assert 'mine.yaml + --config: plot.dpi = "many": input should be a valid' in result.stderr


def test_a_section_given_twice(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("train_gan: {steps: 5}\ntrain_gan: {width: 8}\n")
    result = run(tmp_path, "--configfile", str(file))
    assert result.returncode == 2
    assert "mine.yaml: line 2: train_gan is given twice" in result.stderr


@pytest.mark.parametrize(
    ("values", "target", "line"),
    [
        ({}, "transfer", "transfer.files is empty"),
        ({}, "generate", "generate.primaries is not given"),
        ({}, "evaluate_ensemble", "ensemble is 1"),
        (own_files(str(ROOT / "README.md")), "transfer", "transfer.files is empty"),
        (own_files(str(ROOT / "README.md")), "blind_test", "events.source is files"),
    ],
)
def test_targets_that_the_config_has_nothing_for(tmp_path, values, target, line):
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(values))
    result = run(tmp_path, "--configfile", str(file), "--", target)
    assert result.returncode == 2
    (error,) = [text for text in result.stderr.splitlines() if "error" in text.lower()]
    assert line in error
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("target", ["run", "compare"])
def test_unknown_preset(target):
    result = subprocess.run(
        ["make", target, "PRESET=debgu"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert re.search(r"PRESET=debgu: no such preset; allowed are: .*\bdebug\b", line)
