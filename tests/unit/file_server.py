"""A real HTTP server on this machine, with the faults that servers have."""

import html
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Behaviour:
    """What the server does, and what it has seen.

    Attributes:
        token: requests without it get 401; None lets all in.
        drops: answers with a file that break off in the middle, before whole ones come.
        stalls: answers with a file that stop in the middle and stay open, before whole ones come.
        stated: bytes that answers state beyond those that follow, negative for fewer.
        silent: answers state no size.
        statuses: statuses to fail with first, one a request.
        broken: requests for this path always get 503.
        redirect: address that all requests for files are sent on to.
        requests: method, path and authorization header of every request.
    """

    def __init__(self) -> None:
        self.token: str | None = None
        self.drops = 0
        self.stalls = 0
        self.over = threading.Event()
        self.stated = 0
        self.silent = False
        self.statuses: list[int] = []
        self.broken: str | None = None
        self.redirect: str | None = None
        self.requests: list[tuple[str, str, str | None]] = []

    def downloads(self) -> int:
        """Return how many times a file was asked for."""
        return sum(method == "GET" for method, _, _ in self.requests)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, behaviour: Behaviour, *args, **kwargs) -> None:
        self.behaviour = behaviour
        super().__init__(*args, **kwargs)

    def log_message(self, *args) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_PROPFIND(self) -> None:
        self._answer(self._list_as_webdav)

    def _list_as_webdav(self) -> None:
        folder = Path(self.translate_path(self.path))
        if not folder.is_dir():
            self.send_error(404)
            return
        entries = []
        for path in (folder, *sorted(folder.iterdir())):
            place = self.path.rstrip("/") + ("" if path == folder else f"/{path.name}")
            kind = "<D:collection/>" if path.is_dir() else ""
            entries.append(
                f"<D:response><D:href>{html.escape(place)}</D:href><D:propstat><D:prop>"
                f"<D:resourcetype>{kind}</D:resourcetype>"
                f"<D:getcontentlength>{path.stat().st_size}</D:getcontentlength>"
                "<D:getlastmodified>Mon, 01 Jan 2024 00:00:00 GMT</D:getlastmodified>"
                "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            )
        page = f'<D:multistatus xmlns:D="DAV:">{"".join(entries)}</D:multistatus>'.encode()
        self.send_response(207)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def _answer(self, serve) -> None:
        behaviour = self.behaviour
        given = self.headers.get("Authorization")
        behaviour.requests.append((self.command, self.path, given))
        if behaviour.token and given != f"Bearer {behaviour.token}":
            self.send_error(401)
        elif behaviour.statuses:
            self.send_error(behaviour.statuses.pop(0))
        elif behaviour.broken is not None and self.path.startswith(behaviour.broken):
            self.send_error(503)
        elif behaviour.redirect:
            self.send_response(302)
            self.send_header("Location", behaviour.redirect + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            serve()

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length" and Path(self.translate_path(self.path)).is_file():
            if self.behaviour.silent:
                return
            value = str(int(value) + self.behaviour.stated)
        super().send_header(keyword, value)

    def copyfile(self, source, outputfile) -> None:
        behaviour, content = self.behaviour, source.read()
        if not Path(self.translate_path(self.path)).is_file():
            outputfile.write(content)
            return
        half = len(content) // 2
        if behaviour.drops:
            behaviour.drops -= 1
            outputfile.write(content[:half])
        elif behaviour.stalls:
            behaviour.stalls -= 1
            outputfile.write(content[:half])
            behaviour.over.wait()
        else:
            outputfile.write(content)


class _Server(ThreadingHTTPServer):
    def handle_error(self, *args) -> None:
        """Say nothing of clients that hang up."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Behaviour]]:
    """Yield address and behaviour of a server that offers ``folder``, with an index a folder."""
    behaviour = Behaviour()
    server = _Server(("127.0.0.1", 0), partial(_Handler, behaviour, directory=str(folder)))
    with _running(server):
        yield f"http://127.0.0.1:{server.server_port}", behaviour
        behaviour.over.set()


class _Director(BaseHTTPRequestHandler):
    """Sends every request on to where the files are."""

    def __init__(self, files: str, *args, **kwargs) -> None:
        self.files = files
        super().__init__(*args, **kwargs)

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/.well-known/pelican-configuration":
            page = json.dumps({"director_endpoint": f"https://{self.headers['Host']}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
        else:
            self.send_response(307)
            self.send_header("Location", self.files + self.path)
            self.send_header("Link", f'<{self.files}{self.path}>; rel="duplicate"; pri=1; depth=1')
            self.send_header(
                "X-Pelican-Namespace",
                f"namespace=/showers, require-token=true, collections-url={self.files}",
            )
            self.send_header("Content-Length", "0")
            self.end_headers()

    def do_PROPFIND(self) -> None:
        self.do_GET()


@contextmanager
def federation(folder: Path, certificate: Path) -> Iterator[tuple[str, Behaviour]]:
    """Yield host and port of a Pelican federation, and the behaviour of its only file server.

    Args:
        folder: holds the namespace ``/showers``.
        certificate: PEM file with certificate and key of ``localhost``.
    """
    with serving(folder) as (files, behaviour):
        server = _Server(("127.0.0.1", 0), partial(_Director, files))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with _running(server):
            yield f"localhost:{server.server_port}", behaviour


@contextmanager
def _running(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
