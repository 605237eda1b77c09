"""Fetching of an export's images: several at once, each checked, and listed with its SHA-256.

A file appears when it is complete. A later run checks what the list has, and fetches what is missing or has changed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from ..._files import read_bounded
from ..._storage import only_writer, storage_error, write_atomically
from ...errors import ImageError
from ...images.decoding import MAX_FILE, SUFFIXES, decode
from ..download.fetching import Fetcher
from .images import LIST, Listed, read_list
from .record import Record

AT_ONCE = 4
MAX_NAME = 200  # bytes of a file's name; a file system allows 255
#: What an annotation may name: it may come from anywhere, and must not copy files of this machine.
SCHEMES = ("http", "https", "s3", "gs", "gcs", "az", "abfs")


@dataclass(frozen=True)
class Outcome:
    """An address, and what came of it. failure: why there is no image; empty if there is."""

    address: str
    was_here: bool = False
    failure: str = ""


def addresses_of(records: Sequence[Record]) -> dict[str, tuple[float, float] | None]:
    """Return the addresses, each once, in the order of the file, with the size that the file states."""
    sizes: dict[str, tuple[float, float] | None] = {}
    for record in records:
        sizes[record.address] = sizes.get(record.address) or record.size
    return sizes


def fetch_images(records: Sequence[Record], folder: Path, fetcher: Fetcher) -> Iterator[Outcome]:
    """Fetch the images of records into a folder; yield what came of each address, as it is known.

    An image that is broken, or has not the size in pixels that the export states, is not kept. Raises `StorageError`.
    """
    sizes = addresses_of(records)
    with only_writer(folder):
        names, listed = _names(list(sizes)), read_list(folder)
        with ThreadPoolExecutor(AT_ONCE) as pool:

            def get(address: str) -> Listed | Outcome:
                known = listed.get(address)
                if known and _is_intact(folder / known.name, known):
                    return Outcome(address, was_here=True)
                return _fetch(address, sizes[address], folder / names[address], fetcher)

            waiting = [pool.submit(get, address) for address in sizes]
            try:
                for done in as_completed(waiting):
                    result = done.result()
                    if isinstance(result, Listed):
                        _append(folder / LIST, result)
                        result = Outcome(result.address)
                    yield result
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _fetch(address: str, size: tuple[float, float] | None, path: Path, fetcher: Fetcher) -> Listed | Outcome:
    if address.partition("://")[0].lower() not in SCHEMES:
        return Outcome(address, failure="is not a web address: copy the file to the folder of the images")
    try:
        content = fetcher.fetch(address)
        height, width = decode(content).shape
    except ImageError as error:
        return Outcome(address, failure=str(error).removeprefix(address).strip())
    if size and (width, height) != (round(size[0]), round(size[1])):
        wrong = f"has {width} x {height} pixels, not the {size[0]:.0f} x {size[1]:.0f} that were annotated"
        return Outcome(address, failure=wrong)
    write_atomically(path, content)
    return Listed(address, path.name, len(content), hashlib.sha256(content).hexdigest())


def _is_intact(path: Path, known: Listed) -> bool:
    try:
        content = read_bounded(path, MAX_FILE)
    except OSError:
        return False
    return len(content) == known.bytes and hashlib.sha256(content).hexdigest() == known.sha256


def _append(path: Path, entry: Listed) -> None:
    """Add an entry in a line of its own, also after one that was cut off."""
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(msgspec.json.encode(entry) + b"\n")
    except OSError as error:
        raise storage_error(path, error) from None


def _names(addresses: Sequence[str]) -> dict[str, str]:
    """Name the files: as their addresses end, with a digest before it where several end alike."""
    plain = {address: _plain_name(address) for address in addresses}
    count = Counter(name.casefold() for name in plain.values())
    good = {name for name in plain.values() if name.lower().endswith(SUFFIXES) and count[name.casefold()] == 1}
    return {address: name if name in good else f"{_digest(address)}-{name}" for address, name in plain.items()}


def _plain_name(address: str) -> str:
    try:
        end = PurePosixPath(unquote(urlsplit(address).path)).name
    except ValueError:
        end = ""
    whole = re.sub(r"[^\w.()-]+", "_", end).encode("utf-8", "ignore")
    return whole[-MAX_NAME:].decode("utf-8", "ignore").lstrip(".") or "image"


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:12]
