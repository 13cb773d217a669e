"""Bring chosen TensorBoard runs together in one logdir, under short names.

Say, the GAN's runs of all configurations since Friday:

    python workflow/scripts/tools/merge_tensorboard_runs.py results --match /gan/ \\
        --since 2026-11-20 --output results/chosen
    tensorboard --logdir results/chosen

The logdir has links to the run folders, so that runs still growing are followed, or copies. Making
it again replaces what this program put there before.
"""

import argparse
import glob
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fastsim.errors import InputError, exit_on_input_error
from fastsim.files import read_json, write_json

MANIFEST = "merged_runs.json"
# TensorBoard's writers put the seconds since 1970 at which a file was begun into its name
EVENT_FILE = re.compile(r"tfevents\.(\d+)")
# stage's results, stage and run: bundles/gan/2026-11-21T16-05-09Z
NAME_PARTS = 3


@exit_on_input_error
def main() -> None:
    """Find the runs, choose among them, and make the logdir anew."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("roots", nargs="+", metavar="ROOT", help="folder or glob to search below")
    parser.add_argument("--output", type=Path, required=True, help="logdir to make")
    parser.add_argument("--match", default="", metavar="REGEX", help="found in the run's name")
    parser.add_argument(
        "--since", default="1970-01-01", metavar="DATE", help="begun then (UTC) or later"
    )
    parser.add_argument(
        "--until",
        default="9999-12-31",
        metavar="DATE",
        help="begun then or earlier; a day is whole",
    )
    parser.add_argument("--copy", action="store_true", help="copy the runs instead of linking them")
    args = parser.parse_args()
    since = parse_date("--since", args.since, time.min)
    until = parse_date("--until", args.until, time.max)
    try:
        pattern = re.compile(args.match)
    except re.error as error:
        raise InputError(f"--match {args.match}: no regular expression ({error})") from None

    output = args.output.resolve()
    check_ours(output)
    found = dict(find_runs(args.roots, output))
    runs = {
        name: run
        for name, run in readable_names(found).items()
        if since <= found[run] <= until and pattern.search(name)
    }
    if not runs:
        raise InputError(
            f"{' '.join(args.roots)}: {len(found)} TensorBoard runs found, none chosen"
        )
    make_logdir(output, runs, args.copy)
    for name, run in runs.items():
        print(f"{name} {'copied from' if args.copy else '->'} {run}")
    print(f"tensorboard --logdir {args.output}")


def parse_date(flag: str, text: str, time_of_day: time) -> datetime:
    """Return an ISO date, meant at ``time_of_day``, or date and time; UTC unless it says other."""
    try:
        return datetime.combine(date.fromisoformat(text), time_of_day, UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{flag} {text}: 2026-11-21 or 2026-11-21T16:05 is allowed") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def find_runs(roots: Iterable[str], output: Path) -> Iterator[tuple[Path, datetime]]:
    """Yield each folder with event files below ``roots`` and when its first file was begun.

    Links are followed, no folder is visited twice, ``output`` not at all. What lies inside a run
    belongs to it.

    Raises:
        InputError: a root is neither a folder nor a glob of folders.
    """
    seen = set()
    for root in roots:
        # Path.glob takes no absolute patterns
        matches = sorted(glob.glob(root, recursive=True))  # noqa: PTH207
        folders = [path for path in matches if Path(path).is_dir()]
        if not folders:
            raise InputError(f"{root}: no such folder")
        for place, subfolders, files in chain.from_iterable(
            os.walk(folder, followlinks=True) for folder in folders
        ):
            path = Path(place).resolve()
            begun = [int(match[1]) for file in files if (match := EVENT_FILE.search(file))]
            known = path in seen or path.is_relative_to(output)
            if known or begun:
                subfolders.clear()
            if begun and not known:
                yield path, datetime.fromtimestamp(min(begun), UTC)
            seen.add(path)


def readable_names(runs: Iterable[Path]) -> dict[str, Path]:
    """Return ``runs`` by the last parts of their paths, as many for all as make them unique."""
    runs = sorted(runs)
    for parts in range(NAME_PARTS, max((len(run.parts) for run in runs), default=0)):
        names = {
            "/".join([part for part in run.parts[1:] if part != "tensorboard"][-parts:]): run
            for run in runs
        }
        if len(names) == len(runs):
            return names
    return {"/".join(run.parts[1:]): run for run in runs}


def make_logdir(output: Path, runs: Mapping[str, Path], copy: bool) -> None:
    """Make ``output``, which :func:`check_ours` has passed, anew with the runs by their names."""
    if output.exists():
        shutil.rmtree(output)
    output.mkdir(parents=True)
    # first, so that what an interrupted call leaves is known as ours
    write_json(output / MANIFEST, list(runs))
    for name, run in runs.items():
        place = output / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if copy:
            shutil.copytree(run, place)
        else:
            place.symlink_to(run)


def check_ours(output: Path) -> None:
    """Raise :class:`InputError` when ``output`` holds what :func:`make_logdir` did not make."""
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    if not (output / MANIFEST).is_file():
        raise InputError(f"{output}: not made by this program; a new or empty folder is needed")
    ours = {output / name for name in [MANIFEST, *read_json(output / MANIFEST)]}
    for place, folders, files in os.walk(output):
        for path in (Path(place, entry) for entry in [*folders, *files]):
            folder_of_ours = path.is_dir() and not path.is_symlink()
            if not folder_of_ours and ours.isdisjoint([path, *path.parents]):
                raise InputError(f"{path}: not made by this program; move it elsewhere")


if __name__ == "__main__":
    main()
