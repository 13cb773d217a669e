"""Read the user's own showers, check every row, and write one shard of the event table."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from fastsim.airshower.corsika import read_corsika
from fastsim.bundles.config.ingest import IngestConfig
from fastsim.bundles.ingest.canonical import read_event_table
from fastsim.bundles.ingest.conventions import Conventions
from fastsim.bundles.ingest.convert import Candidates, to_candidates
from fastsim.bundles.ingest.formats import Format, detect_format
from fastsim.bundles.ingest.hdf5 import read_hdf5
from fastsim.bundles.ingest.muonitron import read_muonitron
from fastsim.bundles.ingest.shard import shard_ingest
from fastsim.data.remote import local_copy, read_token, shown
from fastsim.errors import InputError, exit_on_input_error
from fastsim.settings import add_flags, from_flags


def read(path: Path, kind: Format, config: IngestConfig) -> Iterator[Candidates]:
    """Yield the rows of a file in canonical units."""
    if kind == "events":
        yield from read_event_table(path)
        return
    if kind == "corsika":
        rows = read_corsika(path, config.slant_depths, config.seed, config.muon_energy_min)
        conventions = Conventions()
    else:
        rows = read_muonitron(path) if kind == "muonitron" else read_hdf5(path)
        conventions = Conventions.of(config)
    for block in rows:
        yield to_candidates(block, conventions)


@exit_on_input_error
def main() -> None:
    """Sort every row of the files: kept, an outlier, or rejected with a reason."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--files", nargs="+", required=True, help="paths or URLs, in order")
    parser.add_argument("--token-file", help="holds the token for remote files")
    parser.add_argument("--output", type=Path, required=True, help="event table to write")
    parser.add_argument("--rejected", type=Path, required=True, help="rejected rows, to write")
    parser.add_argument("--outliers", type=Path, required=True, help="large events, to write")
    parser.add_argument("--quality", type=Path, required=True, help="JSON of counts, to write")
    add_flags(parser, IngestConfig)
    args = parser.parse_args()
    config = from_flags(IngestConfig, args)
    token = read_token(args.token_file)
    names = [shown(url) for url in args.files]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"--files {name}: given {names.count(name)} times; once is allowed")

    with shard_ingest(
        args.output, args.outliers, args.rejected, args.quality, config.max_muons_per_event
    ) as shard:
        for url, name in zip(args.files, names, strict=True):
            with local_copy(url, token) as path:
                kind = detect_format(path)
                stated = Conventions.of(config) if kind in ("muonitron", "hdf5") else None
                shard.add_file(name, kind, read(path, kind, config), stated)
    for warning in shard.quality.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    counts = shard.quality.files.values()
    kept, outliers = (sum(getattr(file, key) for file in counts) for key in ("kept", "outliers"))
    rejected = sum(file.rows for file in counts) - kept - outliers
    print(f"ingest {args.output.stem}: {kept} rows, {outliers} outliers, {rejected} rejected")


if __name__ == "__main__":
    main()
