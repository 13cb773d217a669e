"""Tables of primaries: what is read, in which order, and what is refused."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from tests.unit.bundle_samples import MASSES, draw_events, draw_primaries

import read_primaries
from fastsim.bundles.events import PRIMARY_COLUMNS, read_events, write_events
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.errors import InputError
from fastsim.files import write_json

TRAINED = PrimaryRange((1e4, 0.938, 0.0, 1500.0), (1e7, 52.10, 1.05, 2600.0))
GOOD = (1e5, 0.938, 0.0, 2000.0)


def read(path):
    return read_primaries.read_primaries(path, TRAINED)


def table(rows, **columns):
    return pd.DataFrame(rows, columns=PRIMARY_COLUMNS).assign(**columns)


@pytest.mark.parametrize("suffix", ["csv", "CSV", "parquet"])
def test_rows_stay_in_order_and_other_columns_play_no_part(tmp_path, suffix):
    primaries = np.column_stack(
        [
            np.geomspace(1e7, 1e4, 50),
            np.resize(MASSES, 50),
            np.linspace(0, 1.05, 50),
            np.linspace(1500, 2600, 50),
        ]
    )
    rows = table(primaries, weight=1.0, name="a")[["name", *PRIMARY_COLUMNS[::-1], "weight"]]
    path = tmp_path / f"mine.{suffix}"
    rows.to_parquet(path) if suffix == "parquet" else rows.to_csv(path, index=False)
    found = read(path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, primaries.astype(np.float32))


def test_an_event_table_is_one_of_primaries_too(tmp_path):
    primaries = draw_primaries(20, 1)
    events = draw_events(primaries, 2)
    write_events(tmp_path / "events.parquet", events, "test")
    np.testing.assert_array_equal(read(tmp_path / "events.parquet"), primaries)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (
            "primary_energy",
            3e7,
            r": primary_energy outside what the models were trained on: 1e\+04 to 1e\+07 GeV",
        ),
        ("primary_energy", np.nan, "is no primary, not finite"),
        # a mass number in the place of the mass
        ("primary_mass", 14.0, "is no primary, primary mass"),
        # degrees in the place of radians
        ("zenith", 30.0, "is no primary, zenith"),
        ("slant_depth", 1.6, "is no primary, depth"),
        ("zenith", 1.4, r": zenith outside .*, zenith 0.* rad \(.* degrees\)"),
        ("slant_depth", 1400.0, ": slant_depth outside what the models"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_first_bad_row_is_named_with_its_values(tmp_path, column, value, reason, suffix):
    rows = table([GOOD] * 4)
    rows.loc[2:, column] = value
    path = tmp_path / f"mine.{suffix}"
    rows.to_parquet(path) if suffix == "parquet" else rows.to_csv(path, index=False)
    with pytest.raises(
        InputError,
        match=rf"mine\.{suffix}: row 2 \(.*{column} {re.escape(f'{value:.6g}')} .*{reason}",
    ):
        read(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "cannot be read as CSV"),
        (f"{','.join(PRIMARY_COLUMNS)}\n", "has no rows"),
        ("primary_energy,zenith\n1e5,0\n", "column primary_mass is missing"),
        (f"{', '.join(PRIMARY_COLUMNS)}\n", "column primary_mass is missing; .* ' primary_mass'"),
        (f"{','.join(PRIMARY_COLUMNS)},zenith\n1e5,1,0,2000,1\n", "column zenith occurs 2 times"),
        (f"{','.join(PRIMARY_COLUMNS)}\n1e5,p,0,2000\n", "invalid value 'p'"),
        (f"{','.join(PRIMARY_COLUMNS)}\n1e5,0.938,0\n", "Expected 4 columns, got 3"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, text, line):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=line) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_a_csv_in_another_encoding_is_told(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(f"{','.join(PRIMARY_COLUMNS)},caf\xe9\n1e5,0.938,0,2000,1\n".encode("latin-1"))
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read(path)


def test_integers_beyond_exact_doubles_are_no_energies(tmp_path):
    path = tmp_path / "mine.parquet"
    table([GOOD]).assign(primary_energy=2**53 + 1).to_parquet(path)
    with pytest.raises(InputError, match=r"row 0 \(primary_energy 9\.0072e\+15 GeV"):
        read(path)


def test_what_is_no_parquet_table_is_told(tmp_path):
    path = tmp_path / "mine.parquet"
    path.write_text("primary_energy")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(path)
    table([GOOD]).drop(columns="zenith").to_parquet(path)
    with pytest.raises(InputError, match="column zenith is missing"):
        read(path)
    table([GOOD]).assign(zenith="0").to_parquet(path)
    with pytest.raises(InputError, match=r"column zenith is .*string; numbers are needed"):
        read(path)
    table([GOOD]).iloc[:0].to_parquet(path)
    with pytest.raises(InputError, match="has no rows"):
        read(path)


def test_the_program_writes_a_numbered_table_or_none(tmp_path, monkeypatch, capsys):
    ranges = dict(zip(PRIMARY_COLUMNS, zip(TRAINED.least, TRAINED.most, strict=True), strict=True))
    write_json(tmp_path / "summary.json", {"train": {"ranges": ranges}})
    output = tmp_path / "primaries.parquet"

    def run(rows):
        table(rows).to_csv(tmp_path / "mine.csv", index=False)
        files = {"summary": tmp_path / "summary.json", "primaries": tmp_path / "mine.csv"}
        flags = [f"--{name}={file}" for name, file in (files | {"output": output}).items()]
        monkeypatch.setattr(sys, "argv", ["read_primaries", *flags])
        read_primaries.main()

    with pytest.raises(SystemExit, match="2"):
        run([GOOD, (1e9, *GOOD[1:])])
    assert capsys.readouterr().err.startswith("error: ")
    assert not output.exists()

    run([GOOD] * 2)
    events = read_events(output)
    np.testing.assert_array_equal(events.primaries, np.float32([GOOD] * 2))
    assert events.event_id.tolist() == events.shower_id.tolist() == [0, 1]
    assert not events.counts.any()
