"""The pipeline from the user's own files: to the report, after changes, and when they are bad."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from fastsim.bundles.events import Events, read_events
from fastsim.bundles.export import write_hdf5, write_muonitron
from tests.unit import corsika_files as dat
from tests.unit.bundle_samples import draw_events, draw_primaries
from tests.unit.file_server import serving
from tests.workflow.conftest import PRESET, Checkout

pytestmark = pytest.mark.slow

TOKEN = "eyJhbGciOi.secret-of-the.test"
QUALITY = "results/debug/events/quality.json"
LIMIT = 50
"""Muons of an event; some have more."""

FAST = {
    "also_compare": [],
    "train_multiplicity": {"epochs": 2},
    "train_gan": {"steps": 50, "evaluations": 1, "width": 8},
    "evaluate": {"bootstrap_replicas": 2},
    "plot": {"dpi": 50, "event_displays": 1},
}


def own_events(first_shower: int, showers: int) -> Events:
    """Return events of ``showers`` showers at two depths, with ids of their own."""
    events = draw_events(draw_primaries(showers, seed=first_shower), seed=first_shower)
    ids = first_shower + events.shower_id
    return replace(events, shower_id=ids, event_id=np.uint64(10) * events.event_id + ids)


def configure(checkout: Checkout, **sections: dict) -> None:
    """Lay ``sections`` over the preset of a copy."""
    file = checkout.folder / PRESET
    config = yaml.safe_load(file.read_text())
    for section, values in sections.items():
        config.setdefault(section, {}).update(values)
    file.write_text(yaml.safe_dump(config))


def make(folder, **ingest) -> Checkout:
    """Return a copy of the project that takes its events from the files in ``own/``."""
    checkout = Checkout.make(folder)
    (folder / "own").mkdir()
    configure(
        checkout,
        events={"source": "files", "spectral_index": 1.0},
        ingest={"files": ["own/*"], "max_muons_per_event": LIMIT, **ingest},
    )
    return checkout


def made(checkout: Checkout, folder: str = "") -> set[str]:
    """Return the results below ``folder`` except logs."""
    root = checkout.results / folder
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith(("logs/", "benchmarks/"))}


def errors(run) -> set[str]:
    """Return the lines in which a failed run says what is wrong; a job's are shown twice."""
    output = run.stdout + run.stderr
    assert "Traceback" not in output
    return {line for line in output.splitlines() if line.startswith("error: ")}


@pytest.fixture(scope="module")
def samples():
    """Events of two files; two rows of the first cannot be right."""
    parts = [own_events(1000 * part, 150) for part in (1, 2)]
    energy, counts = parts[0].muon_energy.copy(), parts[0].counts
    first, *_, last = np.flatnonzero((counts > 0) & (counts <= LIMIT))
    energy[parts[0].offsets[[first, last]]] = np.nan, -1.0
    return replace(parts[0], muon_energy=energy), parts[1]


@pytest.fixture(scope="module")
def own(samples, tmp_path_factory) -> Checkout:
    """Return a copy that ran from own files to its report and exports; not to be changed."""
    checkout = make(tmp_path_factory.mktemp("own"), max_rejected_fraction=0.01)
    configure(checkout, sample={"export": ["muonitron", "hdf5"]}, **FAST)
    folder = checkout.folder / "own"
    write_muonitron(folder / "a.parquet", [samples[0]])
    write_hdf5(folder / "b", [samples[1]])
    checkout.snakemake()
    return checkout


@pytest.fixture
def changed(own, tmp_path) -> Checkout:
    """Return a finished copy that a test may change."""
    return own.copy(tmp_path / "checkout")


# to the report


def test_every_row_is_an_event_an_outlier_or_rejected(own, samples):
    quality = json.loads((own.folder / QUALITY).read_text())
    large = [int((events.counts > LIMIT).sum()) for events in samples]
    assert sum(large) > 0
    assert quality["rows"] == 600
    assert quality["rejected"] == {"muon energy": 1, "not finite": 1}
    assert quality["outliers"] == sum(large)
    formats = {name: file["format"] for name, file in quality["files"].items()}
    assert formats == {"own/a.parquet": "muonitron", "own/b": "hdf5"}
    events = own.results / "events"
    rejected = pq.read_table(events / "rejected.parquet")
    assert rejected.num_rows == 2
    outliers = read_events([events / "outliers.parquet"])
    kept = read_events(sorted(events.glob("part-*.parquet")))
    assert len(kept) + len(outliers) == 598
    assert (outliers.counts > LIMIT).all()
    assert (kept.counts <= LIMIT).all()
    # the second file is the second shard, unchanged but for what is kept apart
    second = read_events([events / "part-0001.parquet"])
    expected = samples[1].select(samples[1].counts <= LIMIT)
    for name in ("shower_id", "primaries", "offsets", "muons"):
        assert np.array_equal(getattr(second, name), getattr(expected, name)), name


def test_report_and_exports(own):
    page = (own.results / "report.html").read_text()
    for part in ('<section id="ingest">', "muon energy", "own/<wbr>a.parquet", "rejected_rows"):
        assert part in page
    figures = made(own, "validation/figures")
    assert {"rejected_rows.png", "rejected_rows.pdf"} <= figures
    samples = made(own, "samples")
    for part in range(2):
        assert {f"export/part-000{part}.parquet", f"export/part-000{part}.h5"} <= samples


# after changes


def test_nothing_is_left_to_do_after_a_run(own):
    assert own.planned() == {}


def test_a_new_file_is_ingested_and_no_other(changed, samples):
    write_hdf5(changed.folder / "own" / "c", [own_events(9000, 20)])
    jobs = changed.planned()
    assert jobs["ingest"] == 1
    assert jobs["collect_quality"] == 1
    assert jobs["fit_normalization"] == 1
    assert jobs["normalize"] == 3
    changed.snakemake(QUALITY)
    assert json.loads((changed.folder / QUALITY).read_text())["rows"] == 640


def test_a_changed_file_is_ingested_again(changed, samples):
    file = changed.folder / "own" / "a.parquet"
    write_muonitron(file, [samples[0].select(slice(0, 200))])
    # a copy that kept its date, say
    os.utime(file, (0, 0))
    jobs = changed.planned()
    assert jobs["ingest"] == 1
    assert jobs["fit_normalization"] == 1
    assert jobs["normalize"] == 2


@pytest.mark.parametrize(
    ("values", "jobs"),
    [
        ({"token_file": "elsewhere/token"}, {}),
        ({"max_rejected_fraction": 0.5}, {"collect_quality": 1, "plot": 1, "report": 1}),
    ],
)
def test_what_is_no_matter_of_the_events_does_not_ingest_again(changed, values, jobs):
    place = changed.folder / "elsewhere"
    place.mkdir()
    (place / "token").write_text(TOKEN)
    configure(changed, ingest=values)
    assert changed.planned() == jobs


def test_another_meaning_of_the_columns_ingests_everything_again(changed):
    configure(changed, ingest={"angle": "degree"})
    assert changed.planned()["ingest"] == 2


# bad files


def test_a_broken_file_stops_the_run_in_one_line(tmp_path, samples):
    # the first of the files by its name, which must not be taken for a flag
    checkout = make(tmp_path, files=["own/*", "-b.parquet"])
    write_muonitron(checkout.folder / "own" / "a.parquet", [samples[0]])
    broken = checkout.folder / "-b.parquet"
    write_muonitron(broken, [samples[1]])
    os.truncate(broken, broken.stat().st_size // 2)
    run = checkout.snakemake(check=False)
    assert run.returncode != 0
    (told,) = errors(run)
    assert told.startswith("error: -b.parquet: ")
    assert not any("0000" in name for name in made(checkout))
    assert not (checkout.results / "splits").exists()
    assert not (checkout.results / "dataset").exists()


def test_too_many_rejected_rows_stop_the_run_before_the_dataset(tmp_path, samples):
    checkout = make(tmp_path)
    write_muonitron(checkout.folder / "own" / "a.parquet", [samples[0]])
    run = checkout.snakemake(check=False)
    assert run.returncode != 0
    (told,) = errors(run)
    assert told.startswith(
        "error: 2 of 300 rows are rejected (0.67%); ingest.max_rejected_fraction"
    )
    assert not (checkout.folder / QUALITY).exists()
    assert not (checkout.results / "splits").exists()
    assert not (checkout.results / "dataset").exists()
    # the rows can be looked at
    table = pq.read_table(checkout.results / "events" / "rejected" / "part-0000.parquet")
    assert sorted(table.column("reason").to_pylist()) == ["muon energy", "not finite"]


# remote files


def test_a_token_appears_nowhere(tmp_path, samples, monkeypatch):
    served = tmp_path / "served"
    served.mkdir()
    write_muonitron(served / "a.parquet", [own_events(3000, 10)])
    write_hdf5(served / "b.h5", [samples[1]])
    with serving(served) as (address, behaviour):
        behaviour.token = TOKEN
        checkout = make(tmp_path / "checkout", files=[f"{address}/*"], token_file="secret")
        monkeypatch.setenv("CR_MUONS_TOKEN", TOKEN)
        first = checkout.snakemake(QUALITY)
        shutil.rmtree(checkout.results)
        monkeypatch.delenv("CR_MUONS_TOKEN")
        (checkout.folder / "secret").write_text(TOKEN + "\n")
        second = checkout.snakemake(QUALITY)
        (checkout.folder / "secret").unlink()
        refused = checkout.snakemake(QUALITY, check=False)
    assert refused.returncode == 2
    (told,) = errors(refused)
    assert PRESET in told
    assert "ingest.files: token file secret: cannot be read" in told
    quality = json.loads((checkout.folder / QUALITY).read_text())
    assert list(quality["files"]) == [f"{address}/a.parquet", f"{address}/b.h5"]
    texts = [run.stdout + run.stderr for run in (first, second, refused)]
    files = [path for path in checkout.folder.rglob("*") if path.is_file()]
    assert any(".snakemake" in path.parts for path in files)
    texts += [path.read_bytes().decode("latin-1") for path in files]
    assert not any(TOKEN in text for text in texts)


def test_files_for_the_transfer_are_no_training_events(tmp_path):
    checkout = Checkout.make(tmp_path)
    dat.write(tmp_path / "DAT000001", dat.shower(None))
    # a wildcard of the rules: 1e-05 in file names
    configure(checkout, transfer={"files": ["DAT*"], "surface_altitude": 1e-5})
    jobs = checkout.planned("transfer")
    assert jobs["ingest"] == jobs["select_transfer"] == jobs["transfer"] == 1
    # with the altitude of the training and of the files
    assert jobs["resimulate"] == jobs["sample_transfer"] == 2
    assert jobs["simulate"] > 0
    alone = checkout.planned()
    assert not {"ingest", "select_transfer", "resimulate", "transfer"} & alone.keys()
