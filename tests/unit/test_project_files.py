"""Files that say the same thing twice are held equal, and shipped configs are valid."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fastsim.bundles.config.workflow import BundlesConfig
from fastsim.settings import parse

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("", "-htcondor", "-pelican", "-wandb", "-dev")
REQUIREMENTS = tuple(f"requirements{extra}.txt" for extra in EXTRAS)
CONFIGS = [ROOT / "config" / "config.yaml", *sorted((ROOT / "config" / "presets").glob("*.yaml"))]


def test_key_list_and_schema_are_those_of_the_classes(tmp_path):
    made = ["config/README.md", "workflow/schemas/config.schema.yaml"]
    before = {name: (ROOT / name).read_text() for name in made}
    copy = tmp_path / "copy"
    for name in made:
        (copy / name).parent.mkdir(parents=True)
    tools = copy / "workflow" / "scripts" / "tools"
    tools.mkdir(parents=True)
    (copy / "workflow" / "scripts" / "fastsim").symlink_to(ROOT / "workflow/scripts/fastsim")
    program = tools / "write_config_docs.py"
    program.write_text((ROOT / "workflow/scripts/tools/write_config_docs.py").read_text())
    subprocess.run([sys.executable, str(program)], check=True)
    for name in made:
        assert (copy / name).read_text() == before[name], f"{name}: run make config-docs"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configs_are_valid(path):
    parse(BundlesConfig, yaml.safe_load(path.read_text()), path.name)


def test_the_shipped_config_spells_out_the_defaults():
    values = yaml.safe_load(CONFIGS[0].read_text())
    assert parse(BundlesConfig, values, "config.yaml") == BundlesConfig()


def test_conda_environment_has_the_pins_of_the_requirements():
    environment = yaml.safe_load((ROOT / "workflow/envs/environment.yaml").read_text())
    *_, pip = environment["dependencies"]
    direct, _ = (ROOT / "requirements.txt").read_text().split("\n\n")
    assert pip["pip"] == [line for line in direct.splitlines() if not line.startswith("#")]


def test_every_requirement_is_an_exact_pin():
    for name in REQUIREMENTS:
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r ")):
                assert line.count("==") == 1, f"{name}: {line}"


def test_every_direct_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "DEPENDENCIES.md").read_text()
    for name in REQUIREMENTS:
        direct = (ROOT / name).read_text().split("\n\n")[0]
        for line in direct.splitlines():
            if "==" in line:
                assert line.split("==")[0] in reasons, f"{name}: {line}"


def test_every_program_is_a_rule():
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    for program in (ROOT / "workflow" / "scripts").glob("*.py"):
        assert re.search(rf"^(rule|use rule \w+ as) {program.stem}\b", rules, re.M)


def test_the_front_page_shows_rows_of_the_results_and_none_that_is_missed_is_left_out():
    results = (ROOT / "docs/RESULTS.md").read_text()
    rows = results.split("## Goals\n\n")[1].split("\n\n")[0].splitlines()
    page = (ROOT / "README.md").read_text()
    head, rule, *shown = page[page.index(rows[0]) :].split("\n\n")[0].splitlines()
    assert [head, rule] == rows[:2]
    assert set(shown) <= set(rows[2:])
    assert {row for row in rows if "✗" in row} <= set(shown)
    assert len(shown) > 5
