"""CORSIKA 7 particle files (DAT): from bytes to the muons of each shower at the lowest level.

A file is a run header (RUNH), per shower a header (EVTH), blocks of 39 particles, blocks of
longitudinal profiles (LONG) and an end (EVTE), then the run's end (RUNE) and zeros: blocks of 273
words of 4 bytes, 21 of them in a Fortran record (D. Heck and T. Pierog, CORSIKA user's guide,
section 10.2). Names and places of the words are those of ``corsikaio``. Its own iteration is not
used, since it keeps all particles of a shower in memory and does not look at what closes a record.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from corsikaio.constants import (
    BLOCK_SIZE_BYTES,
    BLOCK_SIZE_BYTES_THIN,
    EVTH_VERSION_POSITION,
    RUNH_VERSION_POSITION,
)
from corsikaio.subblocks import (
    get_event_end_dtype,
    get_event_header_dtype,
    get_run_header_dtype,
    get_version,
)
from corsikaio.subblocks.data import particle_data_dtype
from corsikaio.subblocks.run_end import run_end_dtype

from fastsim.errors import InputError

BLOCKS_PER_RECORD = 21
OLDEST_VERSION, NEXT_VERSION = np.float32(6.5), np.float32(8.0)
"""Of CORSIKA: the first with these blocks, and the first with others."""

_BLOCKS_AT_ONCE = 4096
_METRES_PER_CM = 0.01
_MARKER, _MARKER_THIN = (
    struct.pack("<i", BLOCKS_PER_RECORD * size)
    for size in (BLOCK_SIZE_BYTES, BLOCK_SIZE_BYTES_THIN)
)
_THINNED = "is thinned: its muons have weights, and a bundle cannot be told; simulate without THIN"


@dataclass(frozen=True)
class SurfaceShower:
    """One shower as the file has it. Directions are x to the north, y to the west, z **down**.

    Attributes:
        run, event: the file's numbers.
        primary_code: CORSIKA's code of the primary.
        energy: total energy of the primary, GeV.
        zenith, azimuth: direction of the shower axis in the frame of the muons, rad.
        zenith_max: largest zenith angle of the run, rad.
        energy_cut: kinetic energy [GeV] below which hadrons or muons were given up.
        muons: float64 (muons, 5), at the lowest observation level: momentum x, y, z [GeV], place
            x, y [m] from where the axis meets the level.
    """

    run: int
    event: int
    primary_code: float
    energy: float
    zenith: float
    azimuth: float
    zenith_max: float
    energy_cut: float
    muons: np.ndarray


def read_showers(path: Path) -> Iterator[SurfaceShower]:
    """Yield the showers of a file in their order; the muons of one are in memory at a time.

    Raises:
        InputError: the file cannot be read, is no particle file, is thinned, broken or cut off, or
            lacks showers or muons that it says it has; possibly after some showers.
    """
    blocks = _blocks(path)
    version = _version_of_run(path, next(blocks))
    showers = 0
    for block in blocks:
        if block.startswith(b"RUNE"):
            break
        if not block.startswith(b"EVTH"):
            raise InputError(
                f"{path}: after {showers} showers comes {block[:4]!r}; the header of a shower "
                "(EVTH) or the run's end (RUNE) is needed"
            )
        yield _shower(path, version, block, blocks)
        showers += 1
    else:
        raise InputError(
            f"{path}: cut off after {showers} showers; the run's end (RUNE) is missing"
        )
    said = float(np.frombuffer(block, run_end_dtype)["n_events"][0])
    if said != showers:
        raise InputError(f"{path}: holds {showers} showers; its run's end (RUNE) says {said:g}")
    if any(block.startswith((b"RUNH", b"EVTH")) for block in blocks):
        raise InputError(f"{path}: goes on after the run's end (RUNE); one run a file is allowed")


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield all blocks of a file of unthinned showers, with or without Fortran's markers."""
    try:
        with path.open("rb") as file:
            start = file.read(BLOCK_SIZE_BYTES_THIN + 4)
            file.seek(0)
            marker = b"" if start.startswith(b"RUNH") else _MARKER
            # without markers, the second block shows how long the first one is
            if start.startswith(_MARKER_THIN) or (
                not marker and start.endswith(b"EVTH") and len(start) > BLOCK_SIZE_BYTES_THIN
            ):
                raise InputError(f"{path}: {_THINNED}")
            if not start.startswith(marker + b"RUNH"):
                raise InputError(
                    f"{path}: is no CORSIKA particle file; it must start with RUNH, alone or in a "
                    f"record of {BLOCKS_PER_RECORD * BLOCK_SIZE_BYTES} bytes"
                )
            yield from _blocks_of_records(path, file, marker)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _blocks_of_records(path: Path, file: BinaryIO, marker: bytes) -> Iterator[bytes]:
    full = BLOCKS_PER_RECORD * BLOCK_SIZE_BYTES + 2 * len(marker)
    position = 0
    while record := file.read(full):
        if marker:
            sound = len(record) == full and record.startswith(marker) and record.endswith(marker)
        else:
            sound = len(record) % BLOCK_SIZE_BYTES == 0
        if not sound:
            raise InputError(f"{path}: the record at byte {position} is cut off or broken")
        for start in range(len(marker), len(record) - len(marker), BLOCK_SIZE_BYTES):
            yield record[start : start + BLOCK_SIZE_BYTES]
        position += full


def _version_of_run(path: Path, block: bytes) -> np.float32:
    """Return the version of CORSIKA, after a check of what the run header says."""
    version = get_version(block, RUNH_VERSION_POSITION)
    if not OLDEST_VERSION <= version < NEXT_VERSION:
        raise InputError(
            f"{path}: is of CORSIKA {version:g}; versions from {OLDEST_VERSION:g} to below "
            f"{NEXT_VERSION:g} are read"
        )
    header = np.frombuffer(block, get_run_header_dtype(version))[0]
    plane = "inclined_observation_plane_theta"
    if plane in header.dtype.names and header[plane] != 0:
        raise InputError(
            f"{path}: has an observation plane inclined by {header[plane]:g} degrees (INCLIN); a "
            "horizontal one is needed"
        )
    return version


def _shower(
    path: Path, version: np.float32, block: bytes, blocks: Iterator[bytes]
) -> SurfaceShower:
    """Return the shower whose header is ``block``; its other blocks are taken from ``blocks``."""
    header = np.frombuffer(block, get_event_header_dtype(version))[0]
    event = _whole(path, "the number of a shower", header["event_number"])
    where = f"{path}: shower {event}"
    if get_version(block, EVTH_VERSION_POSITION) != version:
        raise InputError(f"{where}: its CORSIKA version is not that of the run, {version:g}")
    if any(header[f"energy_fraction_if_thinning_level_{kind}"] > 0 for kind in ("hadronic", "em")):
        raise InputError(f"{where}: {_THINNED}")
    levels = _levels(where, header["n_observation_levels"])
    lowest = 1 + int(np.argmin(header["observation_height"][:levels]))
    muons = _Muons(where, lowest, levels)
    for block in blocks:
        if block.startswith(b"EVTE"):
            break
        if block.startswith((b"EVTH", b"RUNE", b"RUNH")):
            raise InputError(f"{where}: its end (EVTE) is missing before {block[:4]!r}")
        if not block.startswith(b"LONG"):
            muons.append(block)
    else:
        raise InputError(f"{where}: cut off; its end (EVTE) is missing")
    end = np.frombuffer(block, get_event_end_dtype(version))[0]
    if end["event_number"] != event:
        raise InputError(f"{where}: ends (EVTE) as shower {end['event_number']:g}")
    rows = muons.finished()
    # particles are counted in single precision, on all levels
    if muons.on_all_levels < end["n_muons_written"] * (1 - 1e-6):
        raise InputError(
            f"{where}: holds {muons.on_all_levels} muons where its end (EVTE) says "
            f"{end['n_muons_written']:g}; it is incomplete, or a file of Cherenkov light"
        )
    return SurfaceShower(
        _whole(path, "the number of the run", header["run_number"]),
        event,
        float(header["particle_id"]),
        float(header["total_energy"]),
        float(header["zenith"]),
        # CORSIKA turns the particles into the array's frame (ARRANG), but not the primary
        float(header["azimuth"]) - float(header["angle_array_x_magnetic_north"]),
        float(np.deg2rad(header["theta_max"])),
        float(np.maximum(header["energy_cutoff_hadrons"], header["energy_cutoff_muons"])),
        rows,
    )


class _Muons:
    """Muons of one observation level among the particles of a shower.

    With EHIST and MUADDI, rows of other codes (75, 76, or below 0) tell of a muon's ancestors.
    """

    def __init__(self, where: str, level: int, levels: int) -> None:
        self.on_all_levels = 0
        self._where = where
        self._level = level
        self._levels = levels
        self._blocks: list[bytes] = []
        self._rows: list[np.ndarray] = []

    def append(self, block: bytes) -> None:
        self._blocks.append(block)
        if len(self._blocks) == _BLOCKS_AT_ONCE:
            self._select()

    def finished(self) -> np.ndarray:
        """Return float64 (muons, 5), as of :class:`SurfaceShower`."""
        self._select()
        rows = np.concatenate(self._rows).astype(np.float64)
        rows[:, 3:] *= _METRES_PER_CM
        return rows

    def _select(self) -> None:
        particles = np.frombuffer(b"".join(self._blocks), particle_data_dtype)
        self._blocks.clear()
        # 1000 times the particle's code, 5 or 6, plus 10 generations plus the level modulo 10
        code = particles["particle_description"]
        muons = particles[(code >= 5000) & (code < 7000)]
        self.on_all_levels += len(muons)
        level = muons["particle_description"] % 10
        if not np.isin(level, np.arange(1, self._levels + 1) % 10).all():
            raise InputError(
                f"{self._where}: a muon is at another observation level than 1 to {self._levels}"
            )
        muons = muons[level == self._level % 10]
        self._rows.append(np.column_stack([muons[name] for name in ("px", "py", "pz", "x", "y")]))


def _levels(where: str, levels: np.float32) -> int:
    if levels not in range(1, 11):
        raise InputError(f"{where}: has {levels:g} observation levels; 1 to 10 are allowed")
    return int(levels)


def _whole(path: Path, name: str, value: np.float32) -> int:
    if not 0 <= value < 2**53 or value != np.floor(value):
        raise InputError(f"{path}: {name} is {value:g}; a whole number from 0 is needed")
    return int(value)
