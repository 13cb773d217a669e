"""Files wherever they are: which ones a pattern names, and a complete local copy of each.

A file is a local path or the URL of any protocol that fsspec knows. The token for remote files is
a secret: it travels in the header of a request and appears in no message.
"""

import errno
import glob
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import fsspec
from fsspec.callbacks import Callback

from fastsim.errors import InputError

TOKEN_VARIABLE = "CR_MUONS_TOKEN"
PAUSES = (1.0, 5.0, 25.0)
"""Seconds between the attempts to download a file; one attempt more than pauses."""

_HTTP = ("http", "https")
_PELICAN = ("pelican", "osdf")
# aiohttp's own limit of five minutes is for the whole file; what matters is that bytes arrive
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30.0, sock_read=60.0)
_REFUSED = (401, 403)
# pelicanfs and its WebDAV client hide the status; the first also says that all caches are down
_REFUSED_BY_PELICAN = ("NoAvailableSource", "UnauthorizedError")
_WORTH_A_RETRY = (408, 425, 429)


def read_token(token_file: str | None) -> str | None:
    """Return the token for remote files, or None where there is none.

    The environment variable :data:`TOKEN_VARIABLE` comes before ``token_file``.

    Raises:
        InputError: the file cannot be read, or it does not hold one token on one line.
    """
    place, text = f"environment variable {TOKEN_VARIABLE}", os.environ.get(TOKEN_VARIABLE, "")
    if not text:
        if token_file is None:
            return None
        place = f"token file {token_file}"
        try:
            text = Path(token_file).expanduser().read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
            raise InputError(f"{place}: cannot be read ({reason})") from None
    token = text.strip()
    if not re.fullmatch(r"[!-~]+", token):
        raise InputError(f"{place}: one token on one line is needed")
    return token


def shown(url: str) -> str:
    """Return ``url`` as messages and results may show it: without a query's or a user's secrets."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def local_path(url: str) -> Path | None:
    """Return the path of a local file (a path or a ``file://`` URL), None for a remote one."""
    if "://" not in url:
        return Path(url)
    return Path(url.removeprefix("file://")) if url.startswith("file://") else None


def list_files(patterns: Iterable[str], token: str | None) -> list[str]:
    """Return the local paths and URLs that ``patterns`` name, sorted and without doubles.

    Args:
        patterns: paths and URLs; ``*``, ``?`` (paths only), ``[...]`` and ``**`` (any number of
            folders) are expanded. A remote URL without them is taken as it is, unasked.
        token: for protocols that take one, see :func:`read_token`.

    Raises:
        InputError: a pattern names no file, or a folder, or cannot be listed, or two URLs differ
            in what results do not show.
    """
    files: dict[str, str] = {}
    for pattern in patterns:
        path = local_path(pattern)
        found = _list_remote(pattern, token) if path is None else _list_local(path)
        if not found:
            raise InputError(f"{shown(pattern)}: names no file")
        for file in found:
            # a file that two patterns reach in two ways is one file
            identity = file if path is None else os.path.realpath(file)
            files[identity] = min(file, files.get(identity, file))
    names = Counter(map(shown, files.values()))
    for name, times in names.items():
        if times > 1:
            raise InputError(
                f"{name}: {times} URLs differ in query or user alone, which results do not show; "
                "each file needs a path of its own"
            )
    return sorted(files.values())


def _list_local(path: Path) -> list[str]:
    path = path.expanduser()
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name the files in it, for instance {path}/*")
        # a name may hold brackets that are no pattern
        if path.exists():
            return [os.path.normpath(path)]
        _check_listable(path)
        # relative paths stay relative, and files whose name starts with a dot stay out
        names = glob.glob(str(path), recursive=True)  # noqa: PTH207
        return [os.path.normpath(name) for name in names if not Path(name).is_dir()]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be listed ({error.strerror})") from None


def _check_listable(pattern: Path) -> None:
    """Raise OSError where ``pattern`` looks into a folder that cannot be listed.

    ``glob`` passes it over, and files that nobody misses would be lost.
    """

    def refuse(error: OSError) -> None:
        raise error

    for depth, part in enumerate(pattern.parts):
        if not glob.has_magic(part):
            continue
        for above in glob.glob(str(Path(*pattern.parts[:depth])), recursive=True):  # noqa: PTH207
            if part == "**":
                for _ in os.walk(above, onerror=refuse):
                    pass
            elif Path(above).is_dir():
                os.scandir(above).close()
        if part == "**":
            return


def _list_remote(pattern: str, token: str | None) -> list[str]:
    if not re.search(r"[*[]", pattern):
        return [pattern]
    protocol = pattern.partition("://")[0]
    filesystem, path = _open_filesystem(pattern, token)
    # fsspec leaves out what it cannot list, and files that nobody misses would be lost
    strict = {"on_error": "raise"} if protocol in _HTTP + _PELICAN else {}
    try:
        found = filesystem.glob(path, detail=True, **strict)
    except Exception as error:
        # what a server or a protocol's package may raise is open-ended
        raise InputError(f"{shown(pattern)}: cannot be listed ({_reason(error, token)})") from None
    names = [name for name, info in found.items() if info["type"] == "file"]
    if protocol in _HTTP:
        # links that sort a server's index are no files
        return names if "?" in pattern else [name for name in names if "?" not in name]
    if protocol in _PELICAN:
        prefix = pattern.removesuffix(path)
        return [prefix + name for name in names]
    return [filesystem.unstrip_protocol(name) for name in names]


@contextmanager
def local_copy(url: str, token: str | None) -> Iterator[Path]:
    """Yield the path of a local file with the content of ``url``.

    A local file is yielded as it is. A remote one is downloaded whole to the folder for temporary
    files (``TMPDIR``) and removed afterwards. Its size is held against the one that the server
    states; a dropped connection or a short copy is tried again, from the start, up to four times.
    An :class:`InputError` of the block names the URL instead of the temporary file.

    Raises:
        InputError: the file cannot be had, or not whole.
    """
    path = local_path(url)
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="cr-muons-") as folder:
        path = Path(folder) / (Path(urlsplit(url).path).name or "file")
        _download(url, token, path)
        try:
            yield path
        except InputError as error:
            raise InputError(str(error).replace(str(path), shown(url))) from None


def _download(url: str, token: str | None, target: Path) -> None:
    filesystem, path = _open_filesystem(url, token)
    for attempt, pause in enumerate((*PAUSES, None), start=1):
        try:
            _download_once(filesystem, path, target)
            return
        except InputError as error:
            raise InputError(f"{shown(url)}: {error}") from None
        except Exception as error:
            # what a server or a protocol's package may raise is open-ended
            reason = _reason(error, token)
            if pause is None or _is_final(error):
                times = f" after {attempt} attempts" if attempt > 1 else ""
                raise InputError(f"{shown(url)}: cannot be downloaded{times} ({reason})") from None
        print(f"{shown(url)}: {reason}; again in {pause:g} s", file=sys.stderr)
        time.sleep(pause)


def _download_once(filesystem: fsspec.AbstractFileSystem, path: str, target: Path) -> None:
    stated = Callback()
    filesystem.get_file(path, str(target), callback=stated)
    size = filesystem.info(path).get("size") if stated.size is None else stated.size
    if size is None:
        raise InputError("the server states no size, so that a copy cannot be known to be whole")
    if target.stat().st_size != size:
        raise ConnectionError(f"{target.stat().st_size} bytes came; the server states {size}")


def _open_filesystem(url: str, token: str | None) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the filesystem of ``url`` and the path of the file in it."""
    protocol = url.partition("://")[0]
    headers = {"Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    http = {
        "headers": headers,
        # bytes as they are on the server, so that their number is the one it states
        "client_kwargs": {"timeout": _TIMEOUT, "auto_decompress": False},
        "skip_instance_cache": True,
    }
    try:
        if protocol in _HTTP:
            return fsspec.filesystem(protocol, **http), url
        if protocol == "pelican":
            parts = urlsplit(url)
            federation = f"pelican://{parts.netloc}/"
            return fsspec.filesystem(protocol, federation_discovery_url=federation, **http), (
                url.removeprefix(f"pelican://{parts.netloc}")
            )
        if protocol == "osdf":
            return fsspec.filesystem(protocol, **http), url.removeprefix("osdf://")
        return fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:
        hint = _without_secrets(str(error), token)
        if protocol in _PELICAN:
            hint = "pip install -r requirements-pelican.txt"
        raise InputError(f"{shown(url)}: cannot be opened by {protocol}:// ({hint})") from None


def _is_final(error: Exception) -> bool:
    """Return whether another attempt would meet the same error."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return 400 <= status < 500 and status not in _WORTH_A_RETRY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | ValueError)


def _reason(error: Exception, token: str | None) -> str:
    status, kind = getattr(error, "status", None), type(error).__name__
    given = "the token is not accepted" if token else "a token is needed"
    places = f"see {TOKEN_VARIABLE} and ingest.token_file"
    if isinstance(status, int):
        return f"HTTP status {status}" + (f": {given}, {places}" if status in _REFUSED else "")
    if kind in _REFUSED_BY_PELICAN:
        return f"{kind}: no server of the federation gives it; maybe {given}, {places}"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    text = _without_secrets(" ".join(str(error).split()), token)
    return f"{kind}: {text}" if text else kind


def _without_secrets(text: str, token: str | None) -> str:
    if token:
        text = text.replace(token, "...")
    return re.sub(r"\w+://[^\s'\"]+", lambda found: shown(found.group()), text)
