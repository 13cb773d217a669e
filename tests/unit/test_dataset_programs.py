"""The programs from events to normalised shards, as they are called by the workflow."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.events import Events, read_events, write_events
from fastsim.bundles.models.multiplicity import load_multiplicity
from fastsim.bundles.representation import POINTS_COLUMN, Normalization
from fastsim.bundles.splits import split_masks
from fastsim.bundles.summary import summarize
from fastsim.data import parquet_blocks
from fastsim.data.ragged import offsets_of
from fastsim.data.shards import read_shards

SPLITS = ("train", "validation", "test")
SHARES = ("--validation-share", "0.2", "--test-share", "0.3")
DEPTHS = np.array([1500.0, 2000.0, 2500.0])


def make_events(showers, seed=0, first=0):
    rng = np.random.default_rng(seed)
    energy = np.repeat(10 ** rng.uniform(5, 7, showers), 3)
    mass = np.repeat(rng.choice([0.938, 52.1], showers), 3)
    zenith = np.repeat(np.arccos(rng.uniform(0.5, 1, showers)), 3)
    primaries = np.column_stack([energy, mass, zenith, np.tile(DEPTHS, showers)])
    counts = rng.poisson(2.0 * (energy / 1e6) ** 0.75 * 1500 / primaries[:, 3])
    muons = np.column_stack(
        [rng.exponential(500, counts.sum()) + 1, rng.normal(0, 5, (counts.sum(), 2))]
    )
    return Events(
        np.arange(3 * first, 3 * (first + showers), dtype=np.uint64),
        np.repeat(np.arange(first, first + showers, dtype=np.uint64), 3),
        primaries.astype(np.float32),
        offsets_of(counts),
        *muons.astype(np.float32).T,
    )


def fit(run, folder, *names, settings=()):
    """Fit the normalisation on the training showers of event tables; return its status."""
    tables = [folder / f"{name}.parquet" for name in names]
    flags = ("--output", folder / "normalization.json", *SHARES, *settings)
    return run("fit_normalization", "--events", *tables, *flags)


def split(run, folder, part, settings=()):
    """Split and normalise a shard; return the tables of the splits."""
    flags = ["--events", folder / f"{part}.parquet", *SHARES, *settings]
    flags += ["--normalization", folder / "normalization.json"]
    for name in SPLITS:
        flags += [f"--{name}", *(folder / f"{name}-{part}{end}.parquet" for end in ("", "-n"))]
    assert run("normalize", *flags) == 0
    return [folder / f"{name}-{part}.parquet" for name in SPLITS]


def rows_of(paths):
    """Every row as bytes, sorted: equal multisets of rows give equal lists."""
    events = read_events(paths)
    bounds = zip(events.offsets, events.offsets[1:], strict=False)
    return sorted(
        (int(event), int(shower), primary.tobytes(), events.muons[a:b].tobytes())
        for event, shower, primary, (a, b) in zip(
            events.event_id, events.shower_id, events.primaries, bounds, strict=True
        )
    )


def test_split_loses_and_doubles_no_row_and_parts_no_shower(run, tmp_path):
    write_events(tmp_path / "a.parquet", make_events(200), "test")
    assert fit(run, tmp_path, "a") == 0
    outputs = split(run, tmp_path, "a")
    assert rows_of(outputs) == rows_of([tmp_path / "a.parquet"])
    showers = [set(read_events(path).shower_id.tolist()) for path in outputs]
    assert sum(map(len, showers)) == 200
    assert all(showers)


def test_split_is_the_same_in_other_shards(run, tmp_path):
    events = make_events(100)
    write_events(tmp_path / "a.parquet", events, "test")
    write_events(tmp_path / "b.parquet", events.select(np.arange(150, 300)), "test")
    write_events(tmp_path / "c.parquet", events.select(np.arange(150)), "test")
    assert fit(run, tmp_path, "a") == 0
    whole, late, early = (split(run, tmp_path, part) for part in "abc")
    for of_whole, of_late, of_early in zip(whole, late, early, strict=True):
        assert rows_of([of_whole]) == rows_of([of_late, of_early])


def test_a_split_may_be_empty_in_one_shard(run, tmp_path):
    write_events(tmp_path / "a.parquet", make_events(100), "test")
    write_events(tmp_path / "b.parquet", make_events(1), "test")
    assert fit(run, tmp_path, "a", "b") == 0
    outputs = split(run, tmp_path, "b")
    assert sorted(len(read_events(path)) for path in outputs) == [0, 0, 3]
    shards = [tmp_path / f"{name}-b-n.parquet" for name in SPLITS]
    assert len(read_shards(shards, points_column=POINTS_COLUMN)) == 3


@pytest.fixture
def dataset(run, tmp_path):
    """Two shards split, fitted and normalised; returns the folder."""
    for part, first in (("a", 0), ("b", 150)):
        write_events(tmp_path / f"{part}.parquet", make_events(150, first, first), "test")
    assert fit(run, tmp_path, "a", "b") == 0
    for part in "ab":
        split(run, tmp_path, part)
    return tmp_path


def test_the_normalization_is_that_of_the_training_showers_alone(run, dataset):
    fitted = (dataset / "normalization.json").read_bytes()
    assert fit(run, dataset, "train-a", "train-b") == 0
    assert (dataset / "normalization.json").read_bytes() == fitted
    # there is nothing to fit on in the others
    assert fit(run, dataset, "validation-a", "test-a") == 2


def test_what_is_held_out_is_trained_with_nowhere(run, tmp_path, capsys):
    events = make_events(300)
    iron = events.primaries[:, 1] > 50
    write_events(tmp_path / "a.parquet", events, "test")
    write_events(tmp_path / "protons.parquet", events.select(~iron), "test")
    assert fit(run, tmp_path, "protons") == 0
    expected = (tmp_path / "normalization.json").read_bytes()
    *trained_with, _ = split(run, tmp_path, "protons")
    *_, tested = split(run, tmp_path, "a")
    before = rows_of([tested])

    settings = ("--held-out-nucleus", "Fe")
    assert fit(run, tmp_path, "a", settings=settings) == 0
    assert (tmp_path / "normalization.json").read_bytes() == expected
    *seen, tested = split(run, tmp_path, "a", settings=settings)
    assert [rows_of([path]) for path in seen] == [rows_of([path]) for path in trained_with]
    assert rows_of([tested]) == before
    assert (read_events([tested]).primaries[:, 1] > 50).any()

    capsys.readouterr()
    settings += ("--held-out-log10-energy", "[5, 7.1]")
    assert fit(run, tmp_path, "a", settings=settings) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: 0 training events with 0 muons")
    assert message.count("\n") == 1


def test_normalised_shards_hold_the_events(dataset):
    normalization = Normalization.load(dataset / "normalization.json")
    assert normalization.muons.representation == "fitted"
    for table in (dataset / f"{name}-{part}.parquet" for name in SPLITS for part in "ab"):
        events = read_events(table)
        shard = read_shards([table.with_stem(f"{table.stem}-n")], points_column=POINTS_COLUMN)
        np.testing.assert_array_equal(shard.counts, events.counts)
        np.testing.assert_array_equal(shard.conditions, normalization.conditions(events.primaries))
        muons = normalization.denormalize(events.primaries, shard.counts, shard.points)
        np.testing.assert_allclose(muons, events.muons, rtol=1e-5)


def test_blocks_of_any_size_give_the_same_shards(run, dataset, monkeypatch):
    outputs = [dataset / f"{name}-a{end}.parquet" for name in SPLITS for end in ("", "-n")]
    whole = [pq.read_table(path) for path in outputs]
    monkeypatch.setattr(parquet_blocks, "VALUES_PER_BLOCK", 50)
    split(run, dataset, "a")
    for path, expected in zip(outputs, whole, strict=True):
        assert pq.read_table(path).equals(expected), path


def test_a_bad_row_after_good_blocks_leaves_no_file(run, dataset, monkeypatch):
    events = make_events(100)
    events.primaries[-1, 0] = np.nan
    write_events(dataset / "bad.parquet", events, "test")
    monkeypatch.setattr(parquet_blocks, "VALUES_PER_BLOCK", 50)
    flags = ["--events", dataset / "bad.parquet", *SHARES]
    flags += ["--normalization", dataset / "normalization.json"]
    before = sorted(dataset.rglob("*"))
    for name in SPLITS:
        flags += [f"--{name}", dataset / f"new-{name}", dataset / f"new-{name}-n"]
    assert run("normalize", *flags) == 2
    assert sorted(dataset.rglob("*")) == before


def summarized(run, folder, *tables):
    """Summarise event tables; return the fingerprints of validation and test events."""
    files = [folder / "validation.sha256", folder / "test.sha256"]
    flags = ("--validation-hash", files[0], "--test-hash", files[1])
    output = ("--output", folder / "summary.json")
    assert run("summarize_dataset", "--events", *tables, *output, *flags, *SHARES) == 0
    return [file.read_text() for file in files]


def test_summary_counts_what_there_is(run, dataset):
    summarized(run, dataset, dataset / "a.parquet", dataset / "b.parquet")
    summary = json.loads((dataset / "summary.json").read_text())
    assert sum(summary[name]["showers"] for name in SPLITS) == 300
    train = read_events([dataset / "train-a.parquet", dataset / "train-b.parquet"])
    found = summary["train"]
    assert (found["rows"], found["muons"]) == (len(train), len(train.muons))
    assert found["zero_fraction"] == (train.counts == 0).mean()
    assert found["multiplicity"]["0.95"] == np.quantile(train.counts, 0.95)
    assert found["ranges"]["muon_energy"] == [train.muons[:, 0].min(), train.muons[:, 0].max()]
    assert sum(nucleus["rows"] for nucleus in found["by_nucleus"].values()) == len(train)
    at_depth = train.counts[train.primaries[:, 3] == 2000]
    assert found["by_depth"]["2000"]["multiplicity"]["1"] == at_depth.max()


def test_fingerprints_are_those_of_the_events_alone(run, tmp_path):
    paths = [tmp_path / f"{name}.parquet" for name in ("whole", "first", "second")]
    events = make_events(200)
    first = np.arange(len(events)) < 270
    for path, part in zip(
        paths, (events, events.select(first), events.select(~first)), strict=True
    ):
        write_events(path, part, "test")
    validation, test = summarized(run, tmp_path, paths[0])
    assert validation != test
    assert summarized(run, tmp_path, *paths[1:]) == [validation, test]
    masks = split_masks(events, SplitConfig(validation_share=0.2, test_share=0.3))
    events.muon_x[np.repeat(masks["test"], events.counts)] *= 2.0
    write_events(paths[0], events, "test")
    assert summarized(run, tmp_path, paths[0])[0] == validation
    assert summarized(run, tmp_path, paths[0])[1] != test


def test_depths_that_all_differ_are_summed_up_in_bins():
    events = make_events(100)
    depths = np.linspace(1500.0, 2500.0, len(events))
    events.primaries[:, 3] = depths
    found = summarize([events])["by_depth"]
    assert list(found)[::7] == ["1500 to 1625", "2375 to 2500"]
    assert sum(group["rows"] for group in found.values()) == len(events)
    assert sum(group["muons"] for group in found.values()) == len(events.muons)
    # neighbouring numbers, which six digits do not tell apart
    events.primaries[:, 3] = np.where(depths < 2000.0, 1500.0, np.nextafter(np.float32(1500), 2e3))
    found = summarize([events])["by_depth"]
    assert list(found) == ["1500", "1500.0001"]
    assert sum(group["rows"] for group in found.values()) == len(events)


def test_a_multiplicity_run_folder_is_complete(run, dataset):
    folder = dataset / "multiplicity"
    flags = ["--train", dataset / "train-a-n.parquet", dataset / "train-b-n.parquet"]
    flags += ["--validation", dataset / "validation-a-n.parquet", "--output-dir", folder]
    flags += ["--normalization", dataset / "normalization.json"]
    flags += ["--checkpoints", dataset / "checkpoints"]
    assert run("train_multiplicity", *flags, "--epochs", "2", "--width", "8") == 0
    files = {path.name for path in folder.iterdir()}
    assert files == {
        "model.safetensors",
        "config.yaml",
        "history.csv",
        "metrics.json",
        "timing.json",
        "tensorboard",
    }
    assert not list((dataset / "checkpoints").rglob("*.pt"))
    assert yaml.safe_load((folder / "config.yaml").read_text())["config"]["epochs"] == 2
    assert len((folder / "history.csv").read_text().splitlines()) == 3
    metrics = json.loads((folder / "metrics.json").read_text())
    events = read_events(dataset / "validation-a.parquet")
    conditions = Normalization.load(dataset / "normalization.json").conditions(events.primaries)
    log_prob = load_multiplicity(folder).distribution(conditions).log_pmf(events.counts)
    assert metrics["nll"] == pytest.approx(-log_prob.mean())


def test_bad_inputs_end_with_one_line_and_no_output(run, dataset, capsys):
    (dataset / "bad.json").write_text("{}")
    (dataset / "bad.parquet").write_text("nonsense")
    write_events(dataset / "none.parquet", make_events(0), "test")
    output = dataset / "output"
    events, bad = dataset / "a.parquet", dataset / "bad.parquet"
    normalization = ("--normalization", dataset / "normalization.json")
    nowhere = [word for name in SPLITS for word in (f"--{name}", output, output)]
    cases = [
        ("fit_normalization", "--events", dataset / "missing.parquet", "--output", output),
        ("fit_normalization", "--events", dataset / "none.parquet", "--output", output),
        ("normalize", "--events", bad, *normalization, *nowhere),
        ("normalize", "--events", events, "--normalization", dataset / "bad.json", *nowhere),
        ("normalize", "--events", events, *normalization, *nowhere, "--test-share", "0.95"),
        (
            *("train_multiplicity", "--train", events, "--validation", events),
            *(*normalization, "--output-dir", output),
            *("--checkpoints", dataset / "checkpoints"),
        ),
        (
            *("summarize_dataset", "--events", events, bad, "--output", output),
            *("--validation-hash", dataset / "a.txt", "--test-hash", dataset / "b.txt"),
        ),
    ]
    for case in cases:
        capsys.readouterr()
        assert run(*case) == 2, case
        message = capsys.readouterr().err
        assert message.startswith("error: "), message
        assert message.count("\n") == 1, message
        assert not output.exists(), case
