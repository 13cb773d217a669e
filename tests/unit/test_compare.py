"""Families side by side: from run folders to table and figure, and how the workflow makes them."""

import json
import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from fastsim.bundles import family_comparison
from fastsim.bundles.config.compare import CompareConfig
from fastsim.bundles.config.train_gan import TrainGanConfig
from fastsim.bundles.family_comparison import Result, as_markdown, sampling_speeds
from fastsim.bundles.figures.compare import draw
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator
from fastsim.bundles.representation import POINTS_COLUMN
from fastsim.data.shards import Shard, write_shard
from fastsim.errors import InputError
from fastsim.files import write_json
from fastsim.run_folder import save_weights, write_config
from fastsim.settings import parse

ROOT = Path(__file__).parents[2]
FAMILIES = ("deepsets", "epic", "transformer")
ARGUMENTS = {"conditions": 4, "width": 8, "layers": 2, "event_noise": 2, "muon_noise": 1}


def write_training(folder, family, **changed):
    """Write the run folder that a training of the family would leave."""
    values = {"width": 8, "generator_layers": 2, "critic_layers": 1, "event_noise": 2}
    values |= {"generator_family": family, "critic_family": family}
    config = TrainGanConfig(**values | changed)
    generator = Generator(**ARGUMENTS, family=config.generator_family)
    model = {"generator": ARGUMENTS | {"family": family}, "normalization": "abc"}
    folder.mkdir(parents=True, exist_ok=True)
    write_config(folder, "train_gan", config.model_dump(mode="json"), model)
    save_weights(folder, generator.state_dict())
    metrics = {"steps": 600, "validation_auc": 0.51, "validation_w1": 0.2, "validation_events": 100}
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "timing.json", {"steps": 600, "seconds": 20.0, "events": 3000})
    return folder


def make_shard(counts):
    rng = np.random.default_rng(1)
    counts = np.array(counts, dtype=np.int32)
    conditions = rng.normal(size=(len(counts), 4)).astype(np.float32)
    return Shard(conditions, counts, rng.normal(size=(counts.sum(), 3)).astype(np.float32))


@pytest.fixture
def compare(monkeypatch, tmp_path, capsys):
    """Compare run folders; return status, what was said, and the folder of the results."""

    def compare(folders, counts=(3, 0, 5)):
        shard, output = tmp_path / "validation.parquet", tmp_path / "compare"
        write_shard(shard, [make_shard(counts)], {}, widths=(4, 3), points_column=POINTS_COLUMN)
        command = ["compare", "--runs", *folders, "--validation", shard, "--output-dir", output]
        monkeypatch.setattr("sys.argv", [str(word) for word in command])
        status = 0
        try:
            runpy.run_path(str(ROOT / "workflow/scripts/compare.py"), run_name="__main__")
        except SystemExit as exit_:
            status = exit_.code
        said = capsys.readouterr()
        return status, said, output

    return compare


def test_a_row_has_the_figures_of_its_run(compare, tmp_path):
    folders = [write_training(tmp_path / family, family) for family in FAMILIES]
    write_json(folders[1] / "timing.json", {"steps": 600, "seconds": 10.0, "events": 3000})
    status, said, output = compare(folders)
    assert status == 0, said.err
    rows = json.loads((output / "compare.json").read_text())["families"]
    assert [row["family"] for row in rows] == list(FAMILIES)
    for family, row in zip(FAMILIES, rows, strict=True):
        for name, network in (
            ("generator", Generator(**ARGUMENTS, family=family)),
            ("critic", Critic(4, 8, 1, family)),
        ):
            sizes = [weights.numel() for weights in network.parameters()]
            assert row[f"{name}_parameters"] == sum(sizes)
        assert (row["validation_auc"], row["validation_w1"]) == (0.51, 0.2)
        assert row["sampled_muons_per_second"] > 0
    assert [row["training_steps_per_second"] for row in rows] == [30.0, 60.0, 30.0]
    assert [row["training_events_per_second"] for row in rows] == [150.0, 300.0, 150.0]
    table = (output / "compare.md").read_text()
    assert table in said.out
    assert table.splitlines()[3].startswith("| epic | **0.5100** | **0.200** |")
    assert "| **60.0** | **300** |" in table
    assert matplotlib.image.imread(output / "compare.png").std() > 0.1


def test_mixed_families_are_named_by_both(compare, tmp_path):
    folder = write_training(tmp_path / "mixed", "epic", critic_family="deepsets")
    _, said, _ = compare([folder])
    assert "| epic + deepsets |" in said.out


def replace_json(folder, name, **values):
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def edit_config(folder, **values):
    content = yaml.safe_load((folder / "config.yaml").read_text())
    content["config"] |= values
    (folder / "config.yaml").write_text(yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda run: (run / "timing.json").unlink(), "timing.json: cannot be read"),
        (lambda run: replace_json(run, "timing.json", seconds=0.0), "no step was timed"),
        (lambda run: replace_json(run, "metrics.json", validation_auc=None), "validation_auc"),
        (lambda run: (run / "metrics.json").write_text("[]"), "steps = None"),
        (lambda run: edit_config(run, seed=5), "seed = 5, but 1 in"),
        (lambda run: edit_config(run, critic_family="mlp"), "critic_family"),
        (lambda run: (run / "config.yaml").unlink(), "config.yaml: cannot be read"),
    ],
)
def test_a_bad_run_ends_in_one_line_that_names_it(compare, tmp_path, harm, expected):
    folders = [write_training(tmp_path / family, family) for family in FAMILIES]
    harm(folders[1])
    status, said, output = compare(folders)
    assert status == 2
    (line,) = said.err.strip().splitlines()
    assert expected in line
    assert str(folders[1]) in line
    assert not output.exists()


def test_validation_without_muons_is_refused(compare, tmp_path):
    status, said, _ = compare([write_training(tmp_path / "epic", "epic")], counts=(0, 0))
    assert status == 2
    assert "no event has a muon" in said.err


def test_generators_take_turns_with_one_batch_and_the_median_counts(monkeypatch):
    """A slow first round, and one round on a busy machine, change nothing."""
    clock, calls = [0.0], []
    seconds = {"a": [9.0, 1.0, 1.0, 50.0, 1.0, 1.0], "b": [9.0, 2.0, 2.0, 50.0, 2.0, 2.0]}

    def generate(generator, conditions, counts, event_id, seed):
        clock[0] += seconds[generator].pop(0)
        calls.append((generator, counts.tolist(), conditions.tolist()))

    monkeypatch.setattr(family_comparison, "generate", generate)
    monkeypatch.setattr(family_comparison.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(family_comparison, "MUONS_SAMPLED", 10)
    speeds = sampling_speeds(["a", "b"], make_shard([4, 0, 5, 2, 7]))
    assert speeds == [11.0, 5.5]
    assert [name for name, *_ in calls] == ["a", "b"] * 6
    assert all(counts == [4, 5, 2] for _, counts, _ in calls)
    assert all(conditions == calls[0][2] for *_, conditions in calls)


def result(family="epic", **values):
    return replace(Result(family, 0.52, 0.3, 12_000, 100, 200, 600, 10.0, 5e3, 1e5), **values)


def test_the_error_of_an_auc_is_its_spread_over_equal_samples():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 150)
    aucs = [roc_auc_score(labels, rng.normal(size=300)) for _ in range(400)]
    assert result(validation_events=150).validation_auc_error == pytest.approx(
        np.std(aucs), rel=0.15
    )


def test_sizes_are_told_but_not_judged():
    table = as_markdown([result(), result("deepsets", generator_parameters=50, validation_w1=0.1)])
    assert "| epic | **0.5200** | 0.300 | 100 | 200 |" in table
    assert "| deepsets | **0.5200** | **0.100** | 50 | 200 |" in table


def test_bars_are_as_long_as_their_numbers_and_auc_starts_at_a_half():
    results = [result(), result("deepsets", validation_auc=0.49, sampled_muons_per_second=3e5)]
    panels = draw(results).axes
    bars = [[(bar.get_x(), bar.get_width()) for bar in ax.patches] for ax in panels]
    np.testing.assert_allclose(bars[0], [(0.5, 0.02), (0.5, -0.01)])
    np.testing.assert_allclose(bars[5], [(0, 1e5), (0, 3e5)])
    assert [text.get_text() for text in panels[5].texts] == ["100,000", "300,000"]
    for ax in panels:
        low, high = ax.get_xlim()
        for text in ax.texts:
            # inside, with room for its digits
            assert low <= text.xy[0] < low + 0.8 * (high - low)
    # the first family on top
    bottom, top = panels[0].get_ylim()
    assert bottom > top


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        (["epic", "epic"], "named twice"),
        ([], "families"),
        (["epic", "mlp"], "'deepsets', 'epic' or 'transformer'"),
    ],
)
def test_the_list_of_families_is_checked(families, expected):
    with pytest.raises(InputError, match="families") as caught:
        parse(CompareConfig, {"families": families}, "config")
    assert expected in str(caught.value)


@pytest.mark.slow
def test_the_workflow_trains_each_family_once_with_the_settings_of_train_gan(tmp_path):
    values = {"output_dir": "results/test_compare", "train_gan": {"width": 24, "steps": 9000}}
    values["compare"] = {"families": ["deepsets", "transformer"], "steps": 77}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["snakemake", "compare", "--dry-run", "--printshellcmds", "--cores", "1"]
    run = subprocess.run(
        [*command, "--configfile", str(tmp_path / "config.yaml")],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = (run.stdout + run.stderr).splitlines()
    trainings = [line for line in lines if "scripts/train_gan.py --" in line]
    assert len(trainings) == 2
    for family in ("deepsets", "transformer"):
        (line,) = (line for line in trainings if f"--generator-family '\"{family}\"'" in line)
        assert f"--critic-family '\"{family}\"'" in line
        assert "--steps 77 " in line
        assert "--width 24 " in line
        assert f"--output-dir results/test_compare/compare/{family}" in line
