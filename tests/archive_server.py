"""A web server on loopback that serves archives as the IAM site does, and misbehaves on request."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

LOGIN_PAGE = b"<!DOCTYPE html>\n<html><head><title>Login</title></head><body>Please log in.</body></html>\n"


@dataclass
class ArchiveServer:
    """folder: what lies below /data/. The fields may be changed while it runs.

    login: None, "basic" or "form". statuses: file name → status. redirects: file name → address.
    pages: names that get a web page instead. cut: bytes after which the next `cuts` answers end.
    stall: bytes after which an answer stops without an end; those after it send nothing.
    """

    folder: Path
    login: str | None = "basic"
    user: str = "reader"
    password: str = "open sesame"
    etag: str | None = '"first"'
    ranges: bool = True
    statuses: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    cut: int = 0
    cuts: int = 0
    stall: int | None = None
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> ArchiveServer:
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/data/"

    def asked(self, name: str) -> list[dict[str, str]]:
        """Headers of the GET requests for one file, in order."""
        return [headers for method, path, headers in self.requests if method == "GET" and path == f"/data/{name}"]


class _Handler(BaseHTTPRequestHandler):
    site: ArchiveServer

    def log_message(self, *_: object) -> None:
        """Silence."""

    def do_GET(self) -> None:
        site, name = self.site, self.path.rsplit("/", 1)[-1]
        site.requests.append(("GET", self.path, dict(self.headers)))
        if self.path == "/login":
            return self._answer(200, LOGIN_PAGE, {"Content-Type": "text/html"})
        if name in site.redirects:
            return self._answer(302, b"", {"Location": site.redirects[name]})
        if not self._known():
            if site.login == "form":
                return self._answer(302, b"", {"Location": "/login"})
            return self._answer(401, b"who?", {"WWW-Authenticate": 'Basic realm="IAM"'})
        if name in site.statuses:
            return self._answer(site.statuses[name], b"no")
        if name in site.pages:
            return self._answer(200, LOGIN_PAGE, {"Content-Type": "text/html"})
        path = site.folder / name
        return self._file(path.read_bytes()) if path.is_file() else self._answer(404, b"not here")

    def do_POST(self) -> None:
        site = self.site
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        site.requests.append(("POST", self.path, dict(self.headers)))
        right = form.get("email") == [site.user] and form.get("password") == [site.password]
        cookie = {"Set-Cookie": "session=known; Path=/; HttpOnly"} if right else {}
        self._answer(302, b"", {"Location": "/" if right else "/login", **cookie})

    def _known(self) -> bool:
        site = self.site
        if site.login == "basic":
            pair = base64.b64encode(f"{site.user}:{site.password}".encode()).decode()
            return self.headers.get("Authorization") == f"Basic {pair}"
        return site.login is None or "session=known" in self.headers.get("Cookie", "")

    def _file(self, content: bytes) -> None:
        site, extent = self.site, self.headers.get("Range")
        headers = {"ETag": site.etag} if site.etag else {}
        first = int(extent.removeprefix("bytes=").rstrip("-")) if extent and site.ranges else 0
        if self.headers.get("If-Range", site.etag) != site.etag:
            first = 0
        if first > 0:
            if first >= len(content):
                return self._answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        return self._answer(206 if first else 200, content[first:], headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        site, archive = self.site, status in (200, 206)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if archive and site.cuts > 0:
            site.cuts -= 1
            body = body[: site.cut]
        if archive and site.stall is not None:
            body, site.stall = body[: site.stall], 0
            self.wfile.write(body)
            self.wfile.flush()
            site._released.wait(30)
            return
        self.wfile.write(body)
