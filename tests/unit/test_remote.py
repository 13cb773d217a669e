"""Listing and downloading: nothing missed, nothing truncated, no secret told."""

import errno
import os
import sys
import tempfile
from pathlib import Path

import aiohttp
import fsspec
import numpy as np
import pytest
from tests.unit.file_server import serving

from fastsim.data import remote
from fastsim.data.remote import list_files, local_copy, read_token, shown
from fastsim.errors import InputError

TOKEN = "eyJhbGciOi.secret-of-the.test"
CONTENT = np.random.default_rng(1).bytes(3_000_000)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that a server offers; it holds one large file and a tree of small ones."""
    served = tmp_path / "served"
    (served / "runs" / "deep").mkdir(parents=True)
    (served / "large.parquet").write_bytes(CONTENT)
    for name in ("runs/b.parquet", "runs/a.parquet", "runs/deep/c.parquet", "runs/notes.txt"):
        (served / name).write_text(name)
    return served


@pytest.fixture
def server(folder):
    with serving(folder) as (address, behaviour):
        yield address, behaviour


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(remote, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.delenv(remote.TOKEN_VARIABLE, raising=False)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the folder for temporary files, which must be empty in the end."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    yield path
    assert list(path.iterdir()) == []


def error_of(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    message = str(caught.value)
    assert "\n" not in message
    return message


def download(url, token=None):
    with local_copy(url, token) as path:
        return path.read_bytes()


# which files


def test_local_globs_lists_and_doubles(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert list_files(["runs/*.parquet"], None) == ["runs/a.parquet", "runs/b.parquet"]
    assert list_files(["**/*.parquet"], None) == [
        "large.parquet",
        "runs/a.parquet",
        "runs/b.parquet",
        "runs/deep/c.parquet",
    ]
    doubled = [
        "./runs/b.parquet",
        "runs/[ab].parquet",
        str(folder / "runs" / "deep" / "..") + "/a*",
    ]
    assert len(list_files(doubled, None)) == 2
    assert list_files(doubled, None) == list_files(doubled[::-1], None)
    # folders match as well, but are no files
    assert list_files(["runs/*"], None) == ["runs/a.parquet", "runs/b.parquet", "runs/notes.txt"]


def test_a_file_url_is_a_local_file_and_a_name_may_look_like_a_pattern(folder):
    odd = folder / "run[1] {x}.parquet"
    odd.touch()
    assert list_files([f"file://{folder}/runs/a.parquet"], None) == [f"{folder}/runs/a.parquet"]
    assert list_files([str(odd)], None) == [str(odd)]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("runs/*.hdf5", "runs/*.hdf5: names no file"),
        ("missing.parquet", "missing.parquet: names no file"),
        ("runs", "runs: is a folder; name the files in it, for instance runs/*"),
        ("memory://nowhere/*.parquet", "memory://nowhere/*.parquet: names no file"),
        ("nonsense://a/*.parquet", "nonsense"),
    ],
)
def test_patterns_that_name_nothing(folder, monkeypatch, pattern, problem):
    monkeypatch.chdir(folder)
    assert problem in error_of(list_files, [pattern, "large.parquet"], None)


@pytest.mark.parametrize(
    "pattern", ["runs/*.parquet", "**/*.parquet", "r*/a.parquet", "runs/[ab].parquet"]
)
def test_a_folder_that_cannot_be_listed_hides_no_files(folder, monkeypatch, pattern):
    monkeypatch.chdir(folder)
    listed = os.scandir

    def scandir(path="."):
        # root may list every folder
        if Path(path).name == "runs":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    if pattern == "r*/a.parquet":
        # its folder is looked for, not looked into
        assert list_files([pattern], None) == ["runs/a.parquet"]
    else:
        told = error_of(list_files, [pattern], None)
        assert told.endswith("runs: cannot be listed (Permission denied)")


def test_a_file_in_a_folder_of_another_user_is_told(folder, monkeypatch):
    def is_dir(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", is_dir)
    told = error_of(list_files, [str(folder / "runs/a.parquet")], None)
    assert told == f"{folder}/runs/a.parquet: cannot be listed (Permission denied)"


def test_http_globs(server):
    address, behaviour = server
    behaviour.token = TOKEN
    assert list_files([f"{address}/runs/*.parquet"], TOKEN) == [
        f"{address}/runs/a.parquet",
        f"{address}/runs/b.parquet",
    ]
    assert list_files([f"{address}/**/*.parquet"], TOKEN) == [
        f"{address}/large.parquet",
        f"{address}/runs/a.parquet",
        f"{address}/runs/b.parquet",
        f"{address}/runs/deep/c.parquet",
    ]
    assert "names no file" in error_of(list_files, [f"{address}/runs/*.dat"], TOKEN)
    assert "no such file" in error_of(list_files, [f"{address}/nowhere/*.parquet"], TOKEN)


def test_a_listing_that_fails_is_not_taken_for_an_empty_one(server):
    address, behaviour = server
    behaviour.token = TOKEN
    message = error_of(list_files, [f"{address}/runs/*"], None)
    assert "HTTP status 401: a token is needed" in message
    behaviour.token = None
    assert len(list_files([f"{address}/runs/**"], None)) == 4
    behaviour.broken = "/runs/deep"
    message = error_of(list_files, [f"{address}/runs/**"], None)
    assert f"{address}/runs/**: cannot be listed (HTTP status 503)" in message
    assert "cannot be listed" in error_of(list_files, ["http://127.0.0.1:9/x/*.parquet"], None)


def test_a_url_without_a_pattern_is_not_asked_for(server):
    address, behaviour = server
    url = f"{address}/anything?signature=abc"
    assert list_files([url], None) == [url]
    assert behaviour.requests == []


def test_other_protocols():
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe({"/showers/2.parquet": b"two", "/showers/1.parquet": b"one"})
    try:
        files = list_files(["memory://showers/*.parquet"], None)
        assert files == ["memory:///showers/1.parquet", "memory:///showers/2.parquet"]
        assert [download(file) for file in files] == [b"one", b"two"]
    finally:
        filesystem.rm("/showers", recursive=True)


@pytest.mark.parametrize(
    ("url", "module", "package"),
    [
        ("s3://bucket/*.parquet", "s3fs", "s3fs"),
        ("pelican://host/ns/*.parquet", "pelicanfs.core", "requirements-pelican.txt"),
        ("osdf:///ns/*.parquet", "pelicanfs.core", "requirements-pelican.txt"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, url, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    protocol = url.partition("://")[0]
    # a class that an earlier test has loaded would be found again
    loaded = sys.modules["fsspec.registry"]._registry
    monkeypatch.delitem(loaded, protocol, raising=False)
    for function in (lambda: list_files([url], None), lambda: download(url.replace("*", "a"))):
        message = error_of(function)
        assert package in message
        assert url.split("*")[0] in message


def test_without_its_package_pelican_is_no_protocol(monkeypatch):
    monkeypatch.delitem(sys.modules["fsspec.registry"].known_implementations, "pelican")
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "pelican", raising=False)
    assert "requirements-pelican.txt" in error_of(download, "pelican://host/ns/a.parquet")


# the copy


def test_a_local_file_is_itself(folder):
    for name in (str(folder / "large.parquet"), f"file://{folder}/large.parquet"):
        with local_copy(name, None) as path:
            assert path == folder / "large.parquet"
    assert (folder / "large.parquet").exists()


def test_download_with_token(server, temporary):
    address, behaviour = server
    behaviour.token = TOKEN
    assert download(f"{address}/large.parquet", TOKEN) == CONTENT
    for given, line in ((None, "a token is needed"), ("another", "the token is not accepted")):
        behaviour.requests.clear()
        message = error_of(download, f"{address}/large.parquet", given)
        assert f"HTTP status 401: {line}" in message
        assert "CR_MUONS_TOKEN" in message
        assert behaviour.downloads() == 1


@pytest.mark.parametrize("drops", [1, 3])
def test_dropped_connections(server, temporary, capfd, drops):
    address, behaviour = server
    behaviour.drops = drops
    assert download(f"{address}/large.parquet") == CONTENT
    assert behaviour.downloads() == drops + 1
    told = capfd.readouterr().err.splitlines()
    assert len(told) == drops
    assert all(line.startswith(f"{address}/large.parquet: ") for line in told)


def test_a_server_that_falls_silent(server, temporary, monkeypatch, capfd):
    address, behaviour = server
    monkeypatch.setattr(remote, "_TIMEOUT", aiohttp.ClientTimeout(total=None, sock_read=0.2))
    behaviour.stalls = 1
    assert download(f"{address}/large.parquet") == CONTENT
    assert behaviour.downloads() == 2
    assert "again in" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("fault", "value"), [("drops", 99), ("stated", 1000), ("statuses", [503] * 9)]
)
def test_what_never_succeeds_ends_in_one_line(server, temporary, fault, value):
    address, behaviour = server
    setattr(behaviour, fault, value)
    message = error_of(download, f"{address}/large.parquet")
    assert message.startswith(f"{address}/large.parquet: cannot be downloaded after 4 attempts (")
    assert behaviour.downloads() == 4


def test_a_size_that_differs_from_the_copy(server, temporary, monkeypatch):
    """A protocol that does not notice a short copy itself."""
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe("/short.parquet", CONTENT)
    get_file = type(filesystem).get_file

    def short(self, rpath, lpath, **kwargs):
        get_file(self, rpath, lpath, **kwargs)
        os.truncate(lpath, len(CONTENT) - 1)

    monkeypatch.setattr(type(filesystem), "get_file", short)
    message = error_of(download, "memory://short.parquet")
    assert f"{len(CONTENT) - 1} bytes came; the server states {len(CONTENT)}" in message
    filesystem.rm("/short.parquet")


def test_a_server_that_states_no_size(server, temporary):
    address, behaviour = server
    behaviour.silent = True
    assert "states no size" in error_of(download, f"{address}/large.parquet")
    assert behaviour.downloads() <= 2


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(server, temporary):
    address, behaviour = server
    behaviour.statuses = [503, 429]
    assert download(f"{address}/large.parquet") == CONTENT
    behaviour.requests.clear()
    message = error_of(download, f"{address}/missing.parquet")
    assert message == f"{address}/missing.parquet: cannot be downloaded (no such file)"
    assert behaviour.downloads() == 1


def test_no_server(temporary):
    assert "after 4 attempts" in error_of(download, "http://127.0.0.1:9/large.parquet")


def test_an_error_of_the_reader_names_the_url(server, temporary):
    address, _ = server

    def read():
        with local_copy(f"{address}/runs/a.parquet?signature=abc", None) as path:
            raise InputError(f"{path}: row 3: no muon")

    assert error_of(read) == f"{address}/runs/a.parquet: row 3: no muon"


def test_a_full_disk_is_not_tried_again(server, temporary, monkeypatch):
    address, behaviour = server

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fsspec.implementations.http.open", full, raising=False)
    assert "No space left on device" in error_of(download, f"{address}/large.parquet")
    assert behaviour.downloads() == 1


# secrets


def test_token_from_environment_and_file(tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert read_token(None) is None
    assert read_token(str(file)) == TOKEN
    monkeypatch.setenv(remote.TOKEN_VARIABLE, "of-the-environment")
    assert read_token(str(file)) == "of-the-environment"


@pytest.mark.parametrize("content", [b"", b"hidden words", b"hidden\nwords", b"\xffhidden"])
def test_what_is_no_token(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    message = error_of(read_token, str(file))
    assert str(file) in message
    assert "hidden" not in message.replace(str(file), "")
    assert str(tmp_path) in error_of(read_token, str(tmp_path))
    assert "missing" in error_of(read_token, str(tmp_path / "missing"))


def test_no_secret_is_told(server, temporary, capfd, caplog):
    address, behaviour = server
    secret_url = address.replace("//", "//user:word@") + "/large.parquet?signature=abc"
    behaviour.token = "another"
    messages = [
        error_of(download, secret_url, TOKEN),
        error_of(list_files, [secret_url.replace("large", "*")], TOKEN),
    ]
    behaviour.token = None
    behaviour.drops = 99
    messages.append(error_of(download, secret_url, TOKEN))
    messages.append(error_of(download, f"http://127.0.0.1:9/{TOKEN}?signature=abc", TOKEN))
    output = capfd.readouterr()
    told = "\n".join([*messages, output.out, output.err, caplog.text])
    assert "large.parquet" in told
    for secret in ("signature", "abc", "word"):
        assert secret not in told
    # the token as part of a path is the user's own doing; elsewhere it never shows
    assert TOKEN not in told.replace(f"http://127.0.0.1:9/{TOKEN}", "")


def test_the_token_stays_with_the_server_it_is_for(server, folder, temporary):
    address, behaviour = server
    with serving(folder) as (other_address, other):
        behaviour.redirect = other_address.replace("127.0.0.1", "localhost")
        assert download(f"{address}/large.parquet", TOKEN) == CONTENT
    assert behaviour.requests[0][2] == f"Bearer {TOKEN}"
    assert [header for _, _, header in other.requests] == [None]


def test_urls_that_results_would_not_tell_apart_are_refused():
    url = "https://host/get?file="
    told = error_of(list_files, [f"{url}a", f"{url}b"], None)
    assert told.startswith("https://host/get: 2 URLs differ in query or user alone")
    assert list_files([f"{url}a", f"{url}a"], None) == [f"{url}a"]


def test_shown():
    assert shown("osdf:///ns/a.parquet") == "osdf:///ns/a.parquet"
    assert shown("data/a b?.parquet") == "data/a b?.parquet"
    assert shown("https://me:word@host:8443/a/b.parquet?x=1#y") == "https://host:8443/a/b.parquet"
    assert shown("pelican://federation/ns/a.parquet") == "pelican://federation/ns/a.parquet"
