"""CORSIKA 7 particle files made by hand, block by block, so that tests can spoil any of them."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from corsikaio.subblocks import (
    get_event_end_dtype,
    get_event_header_dtype,
    get_run_header_dtype,
)
from corsikaio.subblocks.run_end import run_end_dtype

VERSION = np.float32(7.75)
"""Of CORSIKA; older ones have fewer words in the same places."""
BLOCK, THIN_BLOCK = 4 * 273, 4 * 312
"""Bytes; the longer ones are of thinned showers."""
BLOCKS_PER_RECORD = 21
PARTICLES_PER_BLOCK = 39

MU_PLUS, MU_MINUS = 5, 6
LONG_BLOCK = b"LONG" + np.full(272, 1000 * MU_PLUS + 31, dtype=np.float32).tobytes()
"""Of numbers that would be muons among particles."""
PROTON, HELIUM, IRON = 14, 402, 5626


def direction(zenith, azimuth):
    """Return the unit vector of a momentum, x, y and down, at angles as of the event header."""
    across = math.sin(zenith)
    return np.array([across * math.cos(azimuth), across * math.sin(azimuth), math.cos(zenith)])


def particles(kind: int, momentum, place, level: int = 1, generation: int = 3) -> np.ndarray:
    """Return rows of particles, float32 (rows, 7).

    Args:
        kind: CORSIKA's code.
        momentum: (rows, 3) x, y and down, GeV.
        place: (rows, 2) x, y, cm.
        level: number of the observation level, from 1.
        generation: of hadrons before the particle.
    """
    momentum, place = np.atleast_2d(momentum), np.atleast_2d(place)
    rows = np.zeros((len(momentum), 7), dtype=np.float32)
    rows[:, 0] = kind * 1000 + generation * 10 + level % 10
    rows[:, 1:4], rows[:, 4:6] = momentum, place
    return rows


def shower(
    rows: np.ndarray | None = None,
    *,
    event: int = 1,
    levels: Sequence[float] = (2834e2,),
    long_blocks: int = 0,
    muons_said: int | None = None,
    **words: object,
) -> list[bytes]:
    """Return the blocks of one shower.

    Args:
        rows: particles, float32 (rows, 7).
        event: its number.
        levels: heights of the observation levels, cm.
        long_blocks: how many blocks of longitudinal profiles follow the particles.
        muons_said: how many muons the end speaks of, those there are unless told otherwise.
        words: of the event header, by corsikaio's names.
    """
    rows = np.empty((0, 7), dtype=np.float32) if rows is None else rows
    usual = {
        "particle_id": PROTON,
        "total_energy": 1e6,
        "run_number": 1,
        "n_observation_levels": len(levels),
        "energy_cutoff_hadrons": 200.0,
        "energy_cutoff_muons": 200.0,
        "version": VERSION,
    }
    header = np.zeros((), get_event_header_dtype(VERSION))
    header["event_header"], header["event_number"] = b"EVTH", event
    header["observation_height"][: len(levels)] = levels
    for name, value in (usual | words).items():
        header[name] = value

    full = np.zeros((-(-len(rows) // PARTICLES_PER_BLOCK) * PARTICLES_PER_BLOCK, 7), np.float32)
    full[: len(rows)] = rows
    data = full.tobytes()

    end = np.zeros((), get_event_end_dtype(VERSION))
    is_muon = np.isin(rows[:, 0] // 1000, (MU_PLUS, MU_MINUS))
    end["event_end"], end["event_number"] = b"EVTE", event
    end["n_muons_written"] = is_muon.sum() if muons_said is None else muons_said
    return [
        header.tobytes(),
        *(data[start : start + BLOCK] for start in range(0, len(data), BLOCK)),
        *[LONG_BLOCK] * long_blocks,
        end.tobytes(),
    ]


def run(
    showers: Sequence[list[bytes]],
    *,
    showers_said: int | None = None,
    **words: object,
) -> list[bytes]:
    """Return the blocks of a run.

    Args:
        showers: blocks of each.
        showers_said: how many the run's end speaks of, those there are unless told otherwise.
        words: of the run header, by corsikaio's names.
    """
    header = np.zeros((), get_run_header_dtype(VERSION))
    header["run_header"] = b"RUNH"
    for name, value in ({"version": VERSION} | words).items():
        header[name] = value
    end = np.zeros((), run_end_dtype)
    end["RUNE"] = b"RUNE"
    end["n_events"] = len(showers) if showers_said is None else showers_said
    return [header.tobytes(), *(block for blocks in showers for block in blocks), end.tobytes()]


def file_bytes(blocks: Sequence[bytes], *, markers: bool = True, block: int = BLOCK) -> bytes:
    """Return blocks as a file, the last record filled up with zeros.

    Args:
        blocks: from the run header on.
        markers: whether records stand between Fortran's markers of their length.
        block: bytes that a block is filled up to.
    """
    record = BLOCKS_PER_RECORD * block
    content = b"".join(each.ljust(block, b"\0") for each in blocks)
    marker = record.to_bytes(4, "little") if markers else b""
    return b"".join(
        marker + content[start : start + record].ljust(record, b"\0") + marker
        for start in range(0, len(content), record)
    )


def write(path: Path, *showers: list[bytes], **run_words: object) -> Path:
    """Write a file of one run, with markers, and return its path."""
    path.write_bytes(file_bytes(run(showers, **run_words)))
    return path
