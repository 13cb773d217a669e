"""Write config/README.md and workflow/schemas/config.schema.yaml from the configuration classes.

Usage: python workflow/scripts/tools/write_config_docs.py
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from fastsim.bundles.config.workflow import BundlesConfig  # noqa: E402
from fastsim.settings_docs import as_json_schema, as_markdown  # noqa: E402

INTRODUCTION = """\
# Configuration

`config/config.yaml` holds what most users change; every key below may stand there. A file given
with `--configfile` is laid over it key by key: `config/presets/` has ready ones. A key that is not
listed here, a wrong type or a value out of range stops the run before any job starts.

After a change, `snakemake --cores 8` runs again what depends on the changed section, and only that.

This page is made from the configuration classes by `make config-docs`; do not edit it.
"""


def main() -> None:
    """Write both files."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    (ROOT / "config" / "README.md").write_text(f"{INTRODUCTION}\n{as_markdown(BundlesConfig)}")
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    schema.write_text(as_json_schema(BundlesConfig))


if __name__ == "__main__":
    main()
