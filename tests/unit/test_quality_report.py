"""Counts of all shards as one, the verdict on them, and their figure."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from tests.unit.bundle_samples import draw_events, draw_primaries

from fastsim.bundles.events import write_events
from fastsim.bundles.figures.registry import INGEST_FIGURES
from fastsim.bundles.ingest.quality import REASONS
from fastsim.bundles.quality_report import (
    MOST_LISTED,
    check,
    doubled_rows,
    merge,
    rejected_rows,
    worst_files,
)
from fastsim.errors import InputError

REJECTED = "results/events/rejected"


def counts(kept=0, outliers=0, **rejected):
    """Return the counts of a file; reasons are given with underscores for blanks."""
    rejected = {reason.replace("_", " "): rows for reason, rows in rejected.items()}
    rows = kept + outliers + sum(rejected.values())
    return {
        "format": "hdf5",
        "rows": rows,
        "kept": kept,
        "outliers": outliers,
        "rejected": rejected,
    }


def shard(files, *warnings):
    return {"files": files, "warnings": list(warnings)}


def error_of(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_counts_are_added_over_shards():
    quality = merge(
        [
            shard({"a": counts(90, 3, zenith=2, duplicate=5)}, "a: odd", "b: odd"),
            shard({"b": counts(10), "c": counts(0, 0, duplicate=1)}, "a: odd"),
        ]
    )
    assert (quality["rows"], quality["kept"], quality["outliers"]) == (111, 100, 3)
    assert list(quality["rejected"].items()) == [("duplicate", 6), ("zenith", 2)]
    assert quality["rejected_fraction"] == 8 / 111
    assert list(quality["files"]) == ["a", "b", "c"]
    assert quality["warnings"] == ["a: odd", "b: odd"]


files = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.builds(
        lambda kept, outliers, rejected: counts(kept, outliers, **rejected),
        st.integers(0, 1000),
        st.integers(0, 10),
        st.dictionaries(st.sampled_from(sorted(REASONS)), st.integers(1, 100), max_size=4),
    ),
    max_size=8,
)


@given(files, st.integers(0, 8))
def test_the_spread_over_shards_changes_no_count(files, cut):
    names = list(files)
    parts = [
        {name: files[name] for name in names[:cut]},
        {name: files[name] for name in names[cut:]},
    ]
    quality = merge(map(shard, parts))
    assert quality == merge([shard(files)])
    assert quality["rows"] == quality["kept"] + quality["outliers"] + rejected_rows(quality)
    assert set(quality["rejected"]) == {
        reason for file in files.values() for reason in file["rejected"]
    }


def test_the_worst_files_come_first():
    quality = merge(
        [
            shard(
                {
                    "good": counts(9),
                    "large": counts(5, 4),
                    "bad": counts(0, 0, zenith=3),
                    "worse": counts(0, 0, zenith=3, depth=1),
                }
            )
        ]
    )
    assert worst_files(quality, 9) == ["worse", "bad", "large", "good"]
    assert worst_files(quality, 2) == ["worse", "bad"]


def test_the_allowed_share_itself_is_allowed():
    quality = merge([shard({"a": counts(999, 0, zenith=1)})])
    check(quality, 0.001, REJECTED)
    assert "allows 0.05%" in error_of(check, quality, 0.0005, REJECTED)


def test_too_much_rejected_names_share_reason_and_file():
    quality = merge(
        [shard({"a": counts(80, 0, zenith=9), "b": counts(0, 0, zenith=10, depth=1)})],
    )
    message = error_of(check, quality, 0.1, REJECTED)
    for part in (
        "20 of 100 rows are rejected (20.00%)",
        "ingest.max_rejected_fraction allows 10.00%",
        "'zenith': not from 0 to less than 90 degrees (19 rows, most of them in b)",
        REJECTED,
    ):
        assert part in message
    check(quality, 0.2, REJECTED)


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"a": counts()}, "none of 0 rows in 1 files is kept (0 rejected, 0 outliers)"),
        ({"a": counts(0, 5)}, "none of 5 rows in 1 files is kept (0 rejected, 5 outliers)"),
        ({"a": counts(0, 0, zenith=2)}, "none of 2 rows in 1 files is kept (2 rejected"),
    ],
)
def test_nothing_kept(files, line):
    assert line in error_of(check, merge([shard(files)]), 1.0, REJECTED)


def test_rows_in_two_tables(tmp_path):
    events = draw_events(draw_primaries(10, 1), 1)
    rows = np.arange(len(events))
    paths = [tmp_path / f"{name}.parquet" for name in "abc"]
    for path, chosen in zip(paths, (rows < 8, rows >= 8, (rows == 3) | (rows == 12)), strict=True):
        write_events(path, events.select(chosen), "test")
    assert doubled_rows(paths[:2]) == (0, [])
    assert doubled_rows(paths) == (2, [paths[0], paths[2]])
    # other events of showers with the same numbers
    renumbered = replace(events.select(rows < 8), event_id=np.arange(8, dtype=np.uint64))
    write_events(paths[2], renumbered, "test")
    assert doubled_rows(paths) == (8, [paths[0], paths[2]])
    paths[1].write_bytes(b"PAR1")
    assert str(paths[1]) in error_of(doubled_rows, paths)


def texts(figure: Figure) -> str:
    figure.canvas.draw()
    return "\n".join(text.get_text() for text in figure.findobj(lambda x: hasattr(x, "get_text")))


def test_figure_lists_reasons_and_the_worst_files():
    files = {f"folder/run_{i:02d}.h5": counts(1000, 0, zenith=i) for i in range(1, 21)}
    files["clean.h5"] = counts(5)
    files["folder/run_20.h5"] = counts(1000, 0, zenith=20, muon_energy=30)
    shown = texts(INGEST_FIGURES["rejected_rows"](merge([shard(files)])))
    assert f"the {MOST_LISTED} worst of 20 files" in shown
    assert "210 (1.0%)" in shown
    assert "muon energy" in shown
    assert "50 (4.8%)" in shown
    assert "folder/run_20.h5" in shown
    assert "folder/run_09.h5" in shown
    assert "folder/run_08.h5" not in shown


def test_figure_when_nothing_is_wrong():
    shown = texts(INGEST_FIGURES["rejected_rows"](merge([shard({"a.h5": counts(10)})])))
    assert "no row was rejected" in shown


def test_figure_has_room_for_every_reason_and_any_name():
    rejected = {reason.replace(" ", "_"): 10**place for place, reason in enumerate(REASONS)}
    name = "pelican://federation/" + "a-long-folder/" * 20 + "$odd_name$ {x}.parquet"
    figure = INGEST_FIGURES["rejected_rows"](merge([shard({name: counts(10, 0, **rejected)})]))
    shown = texts(figure)
    assert all(reason in shown for reason in REASONS)
    for ax in figure.axes:
        left, right = ax.get_xlim()
        assert right > 1.5 * max(patch.get_x() + patch.get_width() for patch in ax.patches) > left
