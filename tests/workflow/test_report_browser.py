"""Figures and report as programs, then the page in headless Chromium with the network off."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.described import Described
from fastsim.bundles.ensemble_metrics import ensemble_metrics
from fastsim.bundles.evaluation import evaluate
from fastsim.bundles.events import iter_events, write_events
from fastsim.bundles.figure_texts import FIGURE_TEXTS, INGEST_TEXTS, MODEL_TEXTS
from fastsim.bundles.lookup_baselines import LOOKUPS
from fastsim.bundles.models.multiplicity import MultiplicityModel
from fastsim.bundles.quality_report import merge
from fastsim.bundles.representation_fit import fit_normalization
from fastsim.bundles.summary import summarize
from fastsim.files import write_json
from fastsim.run_folder import save_weights, write_config
from fastsim.stats.negative_binomial import NegativeBinomialMixture
from tests.unit.bundle_samples import draw_events, draw_primaries, toy_mean

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
DRIVER = shutil.which("chromedriver")
# of a run whose model is the GAN
SHOWN = FIGURE_TEXTS | MODEL_TEXTS["gan"] | INGEST_TEXTS

pytestmark = pytest.mark.slow


def run(program: str, *arguments: object) -> subprocess.CompletedProcess:
    """Run a script of the workflow."""
    command = [sys.executable, SCRIPTS / program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def quality(rejected: int) -> dict[str, Any]:
    """``quality.json`` of 20 files with long names, with as many rows rejected in each."""
    reasons = {"not finite": 2, "zenith": rejected - 2} if rejected else {}
    file = {"format": "hdf5", "rows": 1000, "kept": 1000 - rejected, "outliers": 0}
    names = [f"pelican://federation.example/{'a-long-folder/' * 9}{i}<b>.h5" for i in range(20)]
    files = {name: file | {"rejected": reasons} for name in names}
    return merge([{"files": files, "warnings": [f"{name}: no ids" for name in names]}])


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Everything the report is made of, of a toy sample."""
    folder = tmp_path_factory.mktemp("results")
    primaries = draw_primaries(600, 1)
    real, generated = draw_events(primaries, 2), draw_events(primaries, 3)
    write_events(folder / "test.parquet", real, "test")
    write_events(folder / "samples.parquet", generated, "test")
    mean = toy_mean(primaries.astype(np.float64))[:, None]
    distribution = NegativeBinomialMixture(np.ones_like(mean), mean, np.full_like(mean, 3.0))
    config = EvaluateConfig(bootstrap_replicas=5, classifier_repeats=2)
    lookups = dict.fromkeys(LOOKUPS, generated)
    figures = evaluate(
        real, generated, lambda events: events, distribution, lookups, real, 1.0, config
    )
    costs = {"parameters": 75_394, "training_seconds": 330.0, "muons_per_second": 6e5}
    metrics = figures | {"bundle_model": "gan", "costs": costs | {"validation_nll": None}}
    write_json(folder / "metrics.json", metrics)
    other = {"bundle_model": "flow", "costs": costs | {"validation_nll": 2.8337}}
    write_json(folder / "compared.json", metrics | other)
    others = [draw_events(primaries, 3, energy_scale=scale) for scale in (0.9, 1.1)]
    for member, events in enumerate(others, 2):
        write_events(folder / f"member-{member}" / "samples.parquet", events, "test")
    described = [Described(events) for events in (generated, *others)]
    write_json(folder / "ensemble.json", ensemble_metrics(Described(real), described))
    split = summarize(iter_events(folder / "test.parquet"))
    write_json(folder / "summary.json", dict.fromkeys(("train", "validation", "test"), split))
    write_json(folder / "quality.json", quality(rejected=40))
    step = np.arange(1, 21)
    histories = {
        "multiplicity": ("train_multiplicity", ["train/loss", "validation/nll", "learning_rate"]),
        "gan": (
            "train_gan",
            [
                *("loss/critic", "loss/generator", "critic/penalty", "critic/input_gradient_norm"),
                *("critic/wasserstein_gap", "critic/wasserstein_gap_mean", "validation/auc"),
                *("gradient_norm/critic", "gradient_norm/generator"),
                *("learning_rate/critic", "learning_rate/generator"),
            ],
        ),
    }
    normalization = fit_normalization(lambda: [real], "fitted")
    normalization.save(folder / "normalization.json")
    folds = MultiplicityModel(0.5, 0.7, -1.0, members=2)
    save_weights(folder / "multiplicity", folds.state_dict())
    architectures = {"multiplicity": folds.architecture, "gan": {}}
    for name, (stage, columns) in histories.items():
        write_config(folder / name, stage, {"seed": 1}, architectures[name])
        history = pd.DataFrame({"step": step, **dict.fromkeys(columns, 1.0 / step)})
        history.to_csv(folder / name / "history.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def page(results: Path) -> Path:
    common = ("--summary", results / "summary.json", "--metrics", results / "metrics.json")
    common += ("--multiplicity", results / "multiplicity", "--model", results / "gan")
    common += ("--quality", results / "quality.json")
    figures = results / "figures"
    plot = run(
        "plot.py",
        *common,
        *("--events", results / "test.parquet", "--samples", results / "samples.parquet"),
        *("--members", results / "member-2", results / "member-3"),
        *("--normalization", results / "normalization.json"),
        *("--output-dir", figures, "--dpi", 60),
    )
    assert plot.returncode == 0, plot.stderr
    for suffix in ("png", "pdf"):
        assert {path.stem for path in figures.glob(f"*.{suffix}")} == SHOWN.keys()
    report = run(
        "report.py",
        *common,
        *("--compared", results / "compared.json", "--ensemble", results / "ensemble.json"),
        *("--figures", figures, "--output", results / "report.html"),
    )
    assert report.returncode == 0, report.stderr
    return results / "report.html"


def test_a_missing_figure_is_told_in_one_line(page: Path, tmp_path: Path) -> None:
    results = page.parent
    outcome = run(
        "report.py",
        *("--summary", results / "summary.json", "--metrics", results / "metrics.json"),
        *("--multiplicity", results / "multiplicity", "--model", results / "gan"),
        *("--figures", tmp_path, "--output", tmp_path / "report.html"),
    )
    assert outcome.returncode == 2
    assert outcome.stderr.count("\n") == 1
    assert "multiplicity_by_energy.png" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rejected", [None, 0])
def test_what_there_is_not_is_not_shown(page: Path, tmp_path: Path, rejected: int | None) -> None:
    results = page.parent
    flags = []
    if rejected is not None:
        write_json(tmp_path / "quality.json", quality(rejected))
        flags = ["--quality", tmp_path / "quality.json"]
    outcome = run(
        "report.py",
        *("--summary", results / "summary.json", "--metrics", results / "metrics.json"),
        *("--multiplicity", results / "multiplicity", "--model", results / "gan"),
        *("--figures", results / "figures", "--output", tmp_path / "report.html", *flags),
    )
    assert outcome.returncode == 0, outcome.stderr
    text = (tmp_path / "report.html").read_text()
    assert 'id="rejected_rows"' not in text
    assert ('<section id="ingest">' in text) == (rejected is not None)


@pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium and chromedriver")
def test_page_in_a_browser_without_network(page: Path, tmp_path: Path) -> None:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "window-size=1100,1600",
        f"user-data-dir={tmp_path / 'profile'}",
        # no name resolves, no connection succeeds
        "host-resolver-rules=MAP * ~NOTFOUND",
        "proxy-server=127.0.0.1:9",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        driver.get(page.as_uri())
        first = driver.find_element(By.CSS_SELECTOR, "section")
        table = first.find_element(By.CSS_SELECTOR, "table#headline-table")
        rows = table.find_elements(By.CSS_SELECTOR, "tbody tr")
        assert len(rows) >= 10
        assert all(len(row.text.split()) > 3 for row in rows)
        titles = table.find_element(By.TAG_NAME, "thead").text
        assert "WGAN-GP Neural spline flow Floor" in titles
        costs = first.find_element(By.ID, "costs-table").text
        assert "Validation NLL per muon" in costs
        assert "2.8337" in costs

        ensemble = driver.find_element(By.ID, "ensemble")
        assert "3 trainings of WGAN-GP" in ensemble.text
        assert len(ensemble.find_elements(By.CSS_SELECTOR, "tbody tr")) == 4

        baselines = driver.find_element(By.ID, "baselines")
        assert len(baselines.find_elements(By.CSS_SELECTOR, "tbody tr")) > 8
        assert baselines.text.count("The model") == len(LOOKUPS)

        for name, text in SHOWN.items():
            figure = driver.find_element(By.ID, name)
            image = figure.find_element(By.TAG_NAME, "img")
            assert driver.execute_script("return arguments[0].naturalWidth", image) > 300, name
            assert text.title in figure.text
        assert len(driver.find_elements(By.CSS_SELECTOR, "figure img")) == len(SHOWN)

        counts = driver.find_element(By.ID, "ingest-table").text
        assert "rejected 800 4.000 %" in counts
        assert "zenith 760 3.800 % not from 0 to less than 90 degrees" in counts
        listed = driver.find_elements(By.CSS_SELECTOR, "#ingest-files tbody tr")
        assert len(listed) == 12
        assert "0<b>.h5 HDF5 1,000 960 0 40" in listed[0].text
        section = driver.find_element(By.ID, "ingest").text
        assert "20,000 rows in 20 files: 20 HDF5." in section
        assert "8 more warnings" in section

        # nothing is wider than the window, and nothing was asked of a network
        assert driver.execute_script(
            "return document.documentElement.scrollWidth <= window.innerWidth"
        )
        assert (
            driver.execute_script(
                "return performance.getEntriesByType('resource').filter("
                "e => !e.name.startsWith('data:')).length"
            )
            == 0
        )
        problems = [entry for entry in driver.get_log("browser") if entry["level"] != "INFO"]
        assert problems == []
    finally:
        driver.quit()
