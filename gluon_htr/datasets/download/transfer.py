"""Transfer of one file over HTTP: authenticated, resumable, verified, complete or absent.

Received bytes stay in `NAME.part`, and the version of the file that they belong to in `NAME.part.json`, so that a later
run continues (RFC 9110, sections 13.1.5 If-Range and 14 Range).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
from pathlib import Path
from typing import BinaryIO

from ..._storage import locked, storage_error
from ...errors import DownloadError
from .archives import CHUNK, Advance, web_page
from .catalog import RemoteFile
from .site import Site

ATTEMPTS = 20  # of one file; only an attempt that received something is followed by another
MAX_PAUSE = 5.0  # seconds between two attempts


class ConnectionCut(Exception):
    """The connection ended before the file did."""


def fetch(site: Site, file: RemoteFile, target: Path, advance: Advance | None = None) -> Path:
    """Fetch the file that will be `target`, continuing an earlier run. Return its part, complete and verified.

    The part is not renamed yet: an archive that is removed once it is unpacked must not be taken for one of the user's
    if the command is killed before. Raises `DownloadError` for failures of the server or the network, `StorageError` if
    the disk is full.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(part, part), part.open("ab") as output:
            _receive_all(site, file, output, advance or (lambda done, total: None))
            verify(part, file)
            os.fsync(output.fileno())
    except OSError as error:
        raise storage_error(part, error) from error
    return part


def keep(part: Path, target: Path) -> None:
    """Give a fetched file its name. Raises `StorageError`."""
    try:
        part.replace(target)
        _note(part).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(target, error) from error


def discard(part: Path) -> None:
    """Remove a fetched file that has been used, or that is broken."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def verify(path: Path, file: RemoteFile) -> None:
    """Raise `DownloadError` if size or SHA-256 are known and differ; a fetched part is then removed."""
    if file.size is not None and path.stat().st_size != file.size:
        wrong = f"has {path.stat().st_size:,} bytes instead of {file.size:,}"
    elif file.sha256 is not None and sha256(path) != file.sha256:
        wrong = "is not the published one (its SHA-256 differs)"
    else:
        return
    if path.suffix == ".part":
        path.unlink()
    raise DownloadError(f"{file.name} {wrong}: fetch it again, or from another place (--base-url)")


def sha256(path: Path) -> str:
    """Compute the hexadecimal digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _receive_all(site: Site, file: RemoteFile, output: BinaryIO, advance: Advance) -> None:
    for attempt in range(ATTEMPTS):
        before = output.seek(0, os.SEEK_END)
        try:
            return _receive(site, file, output, advance)
        except ConnectionCut as cut:
            done = output.seek(0, os.SEEK_END)
            if done <= before or attempt == ATTEMPTS - 1:
                raise DownloadError(
                    f"{file.name}: {cut} after {done:,} bytes, which are kept. Repeat the command later to go on, "
                    "or fetch the file in a browser and pass it with --archive"
                ) from cut
            time.sleep(min(attempt / 2, MAX_PAUSE))


def _receive(site: Site, file: RemoteFile, output: BinaryIO, advance: Advance) -> None:
    """Send one request: for the rest of the file, or for all of it if the server cannot resume or has another version
    now.
    """
    have = output.tell()
    known = _recall(Path(output.name)) if have else None
    plain = {"Accept-Encoding": "identity"}
    if known is None:
        response = site.open(file.name, plain)
    else:
        if have == known["total"]:
            return
        condition = {"If-Range": known["validator"]} if known["validator"] else {}
        response = site.open(file.name, plain | {"Range": f"bytes={have}-"} | condition)
        if response.status == 206 and _extent(response) == (have, known["total"]):
            return _copy(response, file, output, have, known["total"], advance)
        if response.status != 200:
            response.close()
            response = site.open(file.name, plain)
    _copy(response, file, output, 0, _extent(response)[1], advance)


def _copy(
    response: http.client.HTTPResponse,
    file: RemoteFile,
    output: BinaryIO,
    have: int,
    total: int | None,
    advance: Advance,
) -> None:
    """Append the body of the response. have: bytes that exist already; total: bytes of the whole file."""
    advance(have, total)
    with response:
        declared_page = response.headers.get_content_type() == "text/html"
        while piece := _read(response):
            if have == 0:
                if declared_page or web_page(piece):
                    raise DownloadError(
                        f"{file.name} is a web page, not an archive: the user name or password was refused. "
                        "Try again, or fetch the file in a browser and pass it with --archive"
                    )
                output.truncate(0)  # an older part goes only now that there is something better
                _remember(Path(output.name), response, total)
            output.write(piece)
            output.flush()
            have += len(piece)
            advance(have, total)
    if total is not None and have < total:
        raise ConnectionCut("the connection was cut")
    if total is not None and have > total:
        output.truncate(0)
        raise DownloadError(f"{file.name}: the server sent more than it announced. Repeat the command")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)  # what is there now: a full CHUNK may never come, and would be lost
    except TimeoutError as error:
        raise ConnectionCut("the server stopped sending") from error
    except (http.client.HTTPException, ConnectionError) as error:
        raise ConnectionCut("the connection was cut") from error


def _extent(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Return the first byte and the total length that the headers announce."""
    try:
        if response.status == 206:
            extent, total = response.headers.get("Content-Range", "").removeprefix("bytes ").split("/")
            return int(extent.split("-")[0]), None if total == "*" else int(total)
        length = response.headers.get("Content-Length")
        return 0, None if length is None else int(length)
    except ValueError:
        return -1, None


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _remember(part: Path, response: http.client.HTTPResponse, total: int | None) -> None:
    """Record which version of the file the part belongs to."""
    tag = response.headers.get("ETag", "")
    validator = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
    _note(part).write_text(json.dumps({"validator": validator, "total": total}), encoding="utf-8")


def _recall(part: Path) -> dict | None:
    """Return the record of a part; None if it cannot be resumed."""
    try:
        known = json.loads(_note(part).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    good = isinstance(known, dict) and isinstance(known.get("validator"), str) and "total" in known
    return known if good else None
