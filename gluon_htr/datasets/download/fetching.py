"""Fetching of sources that are not files here: web addresses, and whatever fsspec knows (`s3://`, `gs://`, …).

Requests to one server keep a distance from each other, and wait when it asks for that (429 and 503 with Retry-After,
RFC 9110 section 10.2.3). A transfer that is cut off goes on where it stopped (section 14, Range). Only public
addresses are connected to, unless private ones are allowed: a manifest can name any.
"""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import quote, urljoin, urlsplit

from ... import __version__
from ..._networks import is_public
from ...errors import ImageError
from ...images.decoding import MAX_FILE

ATTEMPTS = 5  # of one source
FIRST_PAUSE = 1.0  # seconds, doubled with each attempt
LONGEST_PAUSE = 60.0  # seconds that a server may make us wait
TIMEOUT = 30.0  # seconds without a byte
MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_BUSY = (429, 500, 502, 503, 504)
_PIECE = 1 << 18


class SourceError(ImageError):
    """A source is not there, or cannot be fetched. kind: `missing` or `not fetched`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass
class _Transfer:
    """What arrived of a file, and the version of the file that it belongs to."""

    content: bytearray = field(default_factory=bytearray)
    validator: str = ""


class _Again(Exception):
    """A request failed, and may succeed later. pause: seconds that the server asks for."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Fetcher:
    """Fetches sources.

    interval: seconds between two requests. allow_private: connect to addresses that are not public, too; None: no, and
    there is no option for it. max_bytes: of one source. attempts: before it is given up.
    """

    def __init__(
        self,
        interval: float = 0.0,
        allow_private: bool | None = None,
        max_bytes: int = MAX_FILE,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._interval, self._allow_private = interval, allow_private
        self._max_bytes, self._attempts = max_bytes, attempts
        self._permission = "download it first" if allow_private is None else "--allow-private permits that"
        self._next = 0.0  # the earliest time of the next request

    def fetch(self, address: str) -> bytes:
        """Return the content at an address. Raises `SourceError`."""
        scheme = address.partition("://")[0].lower()
        return self._web(address) if scheme in ("http", "https") else _fsspec(address, self._max_bytes)

    def _web(self, address: str) -> bytes:
        transfer, why = _Transfer(), ""
        for attempt in range(self._attempts):
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + self._interval
            before = len(transfer.content)
            try:
                self._receive(address, transfer)
                return bytes(transfer.content)
            except _Again as again:
                why, pause = str(again), again.pause
            except (OSError, http.client.HTTPException) as error:
                why, pause = f"the connection failed ({_words(error)})", None
            if attempt + 1 < self._attempts:
                own = 0.0 if len(transfer.content) > before else FIRST_PAUSE * 2**attempt * random.uniform(0.75, 1.25)
                time.sleep(min(own if pause is None else pause, LONGEST_PAUSE))
        raise SourceError("not fetched", f"{address} was not fetched in {self._attempts} attempts: {why}")

    def _receive(self, address: str, transfer: _Transfer) -> None:
        """Receive what is missing. Raises `_Again`."""
        url = address
        for _ in range(MAX_REDIRECTS + 1):
            connection = self._connection(url)
            try:
                headers = {"User-Agent": f"gluon_htr/{__version__}", "Accept-Encoding": "identity"}
                if transfer.content and transfer.validator:
                    headers |= {"Range": f"bytes={len(transfer.content)}-", "If-Range": transfer.validator}
                connection.request("GET", _target(url), headers=headers)
                with connection.getresponse() as response:
                    if response.status not in _REDIRECTS:
                        self._body(address, response, transfer)
                        return
                    url = urljoin(url, response.headers.get("Location", ""))
            finally:
                connection.close()
        raise SourceError("not fetched", f"{address} redirects more than {MAX_REDIRECTS} times")

    def _body(self, address: str, response: http.client.HTTPResponse, transfer: _Transfer) -> None:
        if response.status in _BUSY:
            raise _Again(f"its server answers {response.status} {response.reason}", _retry_after(response))
        if response.status in (404, 410):
            raise SourceError("missing", f"{address} does not exist ({response.status})")
        if response.status not in (200, 206):
            raise SourceError("not fetched", f"{address} was not fetched: its server answers {response.status}")
        start = f"bytes {len(transfer.content)}-"
        if response.status != 206 or not response.headers.get("Content-Range", "").startswith(start):
            transfer.content.clear()
        tag = response.headers.get("ETag", "")
        transfer.validator = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
        while piece := response.read1(_PIECE):
            transfer.content += piece
            if len(transfer.content) > self._max_bytes:
                raise SourceError("not fetched", f"{address} has more than {self._max_bytes:,} bytes")
        if response.length:  # what the server announced, and has not sent
            raise _Again("the connection was cut off")

    def _connection(self, url: str) -> http.client.HTTPConnection:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise SourceError("not fetched", f"{url} is not a valid URL") from None
        if parts.scheme not in ("http", "https") or not host:
            raise SourceError("not fetched", f"{url} is not a web address")
        port = port or (443 if parts.scheme == "https" else 80)
        target = self._resolve(url, host, port)
        if parts.scheme == "https":
            return _CheckedHTTPS(target, host, port)
        return _Checked(target, host, port)

    def _resolve(self, url: str, host: str, port: int) -> str:
        """Return the address to connect to, which is the very one that was checked (DNS rebinding)."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _Again(f"its host is not known ({_words(error)})") from None
        addresses = [str(address[0]).partition("%")[0] for *_, address in found]
        if not self._allow_private and not all(is_public(ip_address(address)) for address in addresses):
            raise SourceError("not fetched", f"{url} is on a private network: {self._permission}")
        return addresses[0]


class _Checked(http.client.HTTPConnection):
    """Connection to an address that was checked, with the name of its host."""

    def __init__(self, address: str, host: str, port: int) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _CheckedHTTPS(_Checked):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _fsspec(address: str, max_bytes: int) -> bytes:
    filesystem, path = _filesystem(address)
    try:
        with filesystem.open(path, "rb") as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise SourceError("missing", f"{address} does not exist") from None
    except Exception as error:  # each file system has errors of its own
        raise SourceError("not fetched", f"{address} was not fetched: {_words(error)}") from None
    if len(content) > max_bytes:
        raise SourceError("not fetched", f"{address} has more than {max_bytes:,} bytes")
    return bytes(content)


def _filesystem(address: str):  # type: ignore[no-untyped-def]
    try:
        import fsspec
    except ImportError:
        raise SourceError(
            "not fetched", f'{address} needs fsspec: pip install "gluon-htr[scale]", and the package of its protocol'
        ) from None
    try:
        return fsspec.core.url_to_fs(address)
    except (ValueError, ImportError) as error:
        raise SourceError("not fetched", f"{address}: {_words(error)}") from None


def below(address: str) -> list[str]:
    """List the files below a folder of fsspec, as addresses, sorted; a single file is itself. Raises `SourceError`."""
    filesystem, path = _filesystem(address)
    try:
        found = sorted(filesystem.find(path)) if filesystem.isdir(path) else [path]
        return [filesystem.unstrip_protocol(each) for each in found]
    except Exception as error:
        raise SourceError("not fetched", f"{address} cannot be listed: {_words(error)}") from None


def _target(url: str) -> str:
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return path + (f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else "")


def _retry_after(response: http.client.HTTPResponse) -> float | None:
    given = response.headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
