"""The user's own files, to train on or for ``transfer``: which there are, and a shard's share."""

import re
import shlex

from fastsim.data.remote import list_files, local_path, read_token
from fastsim.files import read_json

TRAINED_ON = settings.events.source == "files"
INGESTED = f"{RESULTS}/events" if TRAINED_ON else f"{RESULTS}/transfer/ingested"
FILES_KEY = "ingest.files" if TRAINED_ON else "transfer.files"
LISTING = f"{INGESTED}/files.json"


def named_files():
    """Return the paths and URLs of the files that the config names."""
    try:
        files = list_files(settings.named_files, read_token(settings.ingest.token_file))
        for file in files:
            if local_path(file) and re.search("[{}]", file):
                raise InputError(f"{file}: Snakemake takes braces for a wildcard; rename the file")
        return files
    except InputError as error:
        raise InputError(f"{CONFIG_FILES}: {FILES_KEY}: {error}") from None


# a job on a cluster reads the rules again; it must see the files that the main process has seen
FILES = or_stop(named_files) if workflow.is_main_process else or_stop(read_json, LISTING)
FILE_PARTS = part_names(min(settings.ingest.shards, len(FILES)))
FILE_QUALITY = f"{INGESTED}/quality.json"
TOKEN_FLAG = (
    f"--token-file {shlex.quote(settings.ingest.token_file)}" if settings.ingest.token_file else ""
)


if TRAINED_ON:
    PARTS = FILE_PARTS
    QUALITY = FILE_QUALITY
    QUALITY_FLAG = f"--quality {QUALITY}"
    SPECTRAL_INDEX = settings.events.spectral_index


def files_of(wildcards):
    """Return paths and URLs of a shard's files."""
    first, end = share(wildcards.part, len(FILES), len(FILE_PARTS))
    return FILES[first:end]


def local_files_of(wildcards):
    """Return the shard's files of which a change can be seen here."""
    return [file for file in files_of(wildcards) if local_path(file) is not None]


def states_of_files(wildcards):
    """Return what tells that one of these files has changed."""
    return states(local_files_of(wildcards))


def file_arguments(wildcards):
    """Return paths and URLs of a shard's files, quoted for the shell."""
    # a name that starts with a dash would be taken for a flag
    return shlex.join(re.sub("^-", "./-", file) for file in files_of(wildcards))
