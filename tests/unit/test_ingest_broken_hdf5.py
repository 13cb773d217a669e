"""Ingest of broken HDF5 files: each ends in one line with the file and what is wrong."""

import h5py
import numpy as np
import pytest
from tests.unit.ingest_files import assert_refused, hdf5_file, ingest, some_rows

ROWS = some_rows()


def _replace(name, change):
    def damage(file):
        data = file[name][:]
        del file[name]
        if (new := change(data)) is not None:
            file[name] = new

    return damage


def _set(name, row, value):
    def damage(file):
        file[name][row] = value

    return damage


def _group(file):
    del file["muons"]
    file.create_group("muons")


def _bomb(rows, chunks):
    """Claim many rows of zeros of which none, or one chunk, is stored."""

    def damage(file):
        del file["muons"]
        muons = file.create_dataset("muons", (rows, 6), "f8", compression="gzip", chunks=chunks)
        if chunks[0] < rows:
            muons[0] = 1.0

    return damage


HDF5_DAMAGES = {
    "no counts": (_replace("counts", lambda data: None), "dataset counts is missing; .* found"),
    "no muons": (_replace("muons", lambda data: None), "dataset muons is missing"),
    "no primaries": (_replace("primaries", lambda data: None), "dataset primaries is missing"),
    "a group": (_group, "dataset muons is missing"),
    "narrow primaries": (
        _replace("primaries", lambda data: data[:, :5]),
        r"primaries has the shape \(60, 5\); \(rows, 6\) or \(rows, 7\) is needed",
    ),
    "wide muons": (
        _replace("muons", lambda data: np.hstack([data, data])),
        r"muons has the shape \(\d+, 12\); \(rows, 6\) is needed",
    ),
    "flat muons": (_replace("muons", lambda data: data.ravel()), "muons has the shape"),
    "a number": (_replace("counts", lambda data: data.sum()), "counts has the shape"),
    "square counts": (_replace("counts", lambda data: data[:, None]), "counts has the shape"),
    "whole primaries": (
        _replace("primaries", lambda data: data.astype("i8")),
        "primaries is int64; float32 or float64 is needed",
    ),
    "half muons": (_replace("muons", lambda data: data.astype("f2")), "muons is float16"),
    "text": (_replace("counts", lambda data: data.astype("S5")), "counts is .*S5"),
    "a primary too few": (_replace("primaries", lambda data: data[:-1]), "60 counts for 59"),
    "a count too few": (_replace("counts", lambda data: data[:-1]), "59 counts for 60"),
    "a muon too few": (
        _replace("muons", lambda data: data[:-1]),
        r"counts add up to \d+, there are \d+ muons",
    ),
    "a muon too many": (_replace("muons", lambda data: np.vstack([data, data[:1]])), "add up to"),
    "a count too large": (_set("counts", 9, 9), "counts add up to"),
    "a negative count": (_set("counts", 7, -1), "count -1 of row 7; whole numbers from 0"),
    "a huge count": (_set("counts", 7, 2**62), "count 4611686018427387904 of row 7"),
    "half a muon": (
        _replace("counts", lambda data: np.where(np.arange(60) == 3, 1.5, data)),
        "count 1.5 of row 3",
    ),
    "no number": (
        _replace("counts", lambda data: np.where(np.arange(60) == 3, np.nan, data)),
        "count nan of row 3",
    ),
    "huge chunks": (_bomb(2**25, (2**25, 6)), "chunks of 1610612736 bytes; at most"),
    "few of many chunks": (_bomb(2**40, (64, 6)), "claims 52776558133248 bytes and stores"),
}


@pytest.mark.parametrize("name", HDF5_DAMAGES)
def test_a_broken_hdf5_file_is_refused(tmp_path, name):
    damage, message = HDF5_DAMAGES[name]
    file = hdf5_file(tmp_path / "a", ROWS)
    with h5py.File(file, "r+") as opened:
        damage(opened)
    assert_refused(ingest(tmp_path / "out", file), file, message)
