"""Assign the showers of a shard to training, validation and test: three event tables."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.events import event_writer, iter_events
from fastsim.data.splitting import assign_splits
from fastsim.errors import exit_on_input_error
from fastsim.settings import add_flags, from_flags


@exit_on_input_error
def main() -> None:
    """Split by a hash of ``shower_id``: the depths of a shower stay together, in any shard."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--events", type=Path, required=True, help="event table to split")
    for name in ("train", "validation", "test"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to write")
    add_flags(parser, SplitConfig)
    args = parser.parse_args()
    config = from_flags(SplitConfig, args)

    shares = {"validation": config.validation_share, "test": config.test_share, "train": 1.0}
    rows = dict.fromkeys(shares, 0)
    with ExitStack() as stack:
        outputs = {name: getattr(args, name) for name in shares}
        append = {
            name: stack.enter_context(event_writer(path, "split", config.seed))
            for name, path in outputs.items()
        }
        for events in iter_events(args.events):
            for name, mask in assign_splits(events.shower_id, config.seed, shares).items():
                append[name](events.select(mask))
                rows[name] += int(mask.sum())
    counted = ", ".join(f"{count} {name}" for name, count in rows.items())
    print(f"split {args.events.stem}: {counted} rows")


if __name__ == "__main__":
    main()
