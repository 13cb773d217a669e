"""Files of a federation: a director found by its host's name, caches, listings, a token."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.unit.file_server import federation

pytest.importorskip("pelicanfs")

LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts"
TOKEN = "eyJhbGciOi.secret-of-the.test"
CONTENT = np.random.default_rng(1).bytes(1_000_000)
PROGRAM = """
import hashlib, sys
from fastsim.data import remote
from fastsim.errors import exit_on_input_error

remote.PAUSES = (0.0, 0.0)

@exit_on_input_error
def main():
    token = remote.read_token(None)
    for url in remote.list_files(sys.argv[1:], token):
        with remote.local_copy(url, token) as path:
            print(url, hashlib.sha256(path.read_bytes()).hexdigest())

main()
"""


@pytest.fixture
def certificate(tmp_path):
    """Return a PEM file with certificate and key of localhost."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "localhost.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@pytest.fixture
def fed(tmp_path, certificate):
    """Yield host and behaviour of a federation with three files."""
    folder = tmp_path / "served" / "showers" / "2026" / "deep"
    folder.mkdir(parents=True)
    (folder / "c.parquet").write_bytes(CONTENT[:10])
    (folder.parent / "a.parquet").write_bytes(CONTENT)
    (folder.parent / "b.parquet").write_bytes(CONTENT[:1000])
    (folder.parent / "notes.txt").touch()
    with federation(tmp_path / "served", certificate) as (host, behaviour):
        behaviour.token = TOKEN
        yield host, behaviour


def fetch(certificate, *patterns, token=TOKEN):
    """List and download in a process of its own, which trusts the federation's certificate."""
    environment = os.environ | {
        "SSL_CERT_FILE": str(certificate),
        "PYTHONPATH": str(LIBRARY),
        "CR_MUONS_TOKEN": token,
    }
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *patterns],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert TOKEN not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run


def digest(content):
    return hashlib.sha256(content).hexdigest()


def test_a_glob_and_its_files_with_a_dropped_connection(fed, certificate):
    host, behaviour = fed
    behaviour.drops = 1
    run = fetch(certificate, f"pelican://{host}/showers/**/*.parquet")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        f"pelican://{host}/showers/2026/a.parquet {digest(CONTENT)}",
        f"pelican://{host}/showers/2026/b.parquet {digest(CONTENT[:1000])}",
        f"pelican://{host}/showers/2026/deep/c.parquet {digest(CONTENT[:10])}",
    ]
    assert f"pelican://{host}/showers/2026/a.parquet: " in run.stderr
    assert behaviour.downloads() == 4
    assert {header for _, _, header in behaviour.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("name", "token", "line"),
    [
        ("2026/a.parquet", "another", "the token is not accepted"),
        ("2026/*.parquet", "another", "the token is not accepted"),
        ("2026/a.parquet", "", "a token is needed"),
        ("2026/missing.parquet", TOKEN, "no such file"),
        ("2026/*.h5", TOKEN, "names no file"),
    ],
)
def test_what_a_federation_refuses_is_told_in_one_line(fed, certificate, name, token, line):
    host, _ = fed
    run = fetch(certificate, f"pelican://{host}/showers/{name}", token=token)
    assert run.returncode == 2, run.stderr
    assert line in run.stderr.splitlines()[-1]
    assert run.stdout == ""
