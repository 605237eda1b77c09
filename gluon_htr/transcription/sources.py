"""What a user names as sources of a batch: files, folders, patterns, listings, IIIF manifests, addresses of fsspec."""

from __future__ import annotations

import csv
import glob
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .._folders import files_below
from .._text_files import read_text
from ..datasets.download.fetching import Fetcher, SourceError, below
from ..datasets.listing.rows import PATHS, column_named, is_header
from ..errors import UsageError
from ..pages.files import PAGE_SUFFIXES, is_remote
from .iiif import manifest_pages
from .tasks import Source

LISTINGS = (".txt", ".lst", ".tsv", ".csv")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]+')
_LONGEST = 150  # bytes of a part of a name, which other parts, such as the number of a page, make longer


def expand(given: Sequence[str], fetcher: Fetcher, output: Path) -> Iterator[Source]:
    """Yield the sources that a user names, in order. Files are not opened; the folder `output` is left out.

    A folder stands for the images and PDFs below it, in the order of their names; a listing (.txt, .lst, .tsv, .csv)
    for the address in the first column of each of its lines, relative to itself; an address of a web server that
    answers with JSON for the canvases of that IIIF manifest. Raises `UsageError` for what stands for nothing.
    """
    for name in given:
        if is_remote(name):
            yield from _remote(name, fetcher)
            continue
        path = Path(name)
        if path.is_dir():
            yield from _folder(path, output)
        elif not path.exists() and glob.has_magic(name):
            yield from _pattern(name, output)
        elif path.suffix.lower() in LISTINGS:
            yield from _listing(path)
        elif path.suffix.lower() == ".json":
            yield from _manifest(read_text(path), name, fetcher)
        elif not path.exists():
            raise UsageError(f"{name} does not exist")
        else:
            yield _file(path, path.name)


def _folder(folder: Path, output: Path) -> Iterator[Source]:
    files = _outside(output, folder, files_below(folder, PAGE_SUFFIXES))
    if not files:
        raise UsageError(f"{folder} has no images and no PDF")
    for file in sorted(files):
        yield _file(file, os.path.relpath(file, folder))


def _outside(output: Path, folder: Path, files: Iterable[Path]) -> list[Path]:
    """Leave out what lies below the folder of the results, which may be in the `folder` of the files."""
    own = output.resolve()
    if folder.resolve() not in (own, *own.parents):  # the usual case: a million paths need not be resolved
        return list(files)
    return [file for file in files if own not in file.resolve().parents]


def _pattern(pattern: str, output: Path) -> Iterator[Source]:
    found = sorted(Path(name) for name in glob.glob(pattern, recursive=True) if os.path.isfile(name))
    base = os.path.dirname(re.split(r"[*?\[]", pattern)[0]) or "."
    files = _outside(output, Path(base), found)
    if not files:
        raise UsageError(f"no file matches {pattern}")
    for file in files:
        yield _file(file, os.path.relpath(file, base))


def _listing(path: Path) -> Iterator[Source]:
    """Read a listing. A page that is missing is found out when it is its turn: listings may be long."""
    folder, found, place = str(path.parent), False, 0
    for number, cells in enumerate(_cells(path)):
        if number == 0 and is_header(cells):
            header = [cell.strip().lower() for cell in cells]
            place = header.index(column_named(header, PATHS, path.name))
            continue
        entry = cells[place].strip(' \t"') if place < len(cells) else ""
        if not entry or entry[0] == "#":
            continue
        found = True
        yield _address(entry) if is_remote(entry) else _named(os.path.join(folder, entry), entry)
    if not found:
        raise UsageError(f"{path} lists no pages: write the address of one in each line")


def _cells(path: Path) -> Iterator[list[str]]:
    """Yield the cells of each line of a listing that has some. Raises `UsageError` for a .csv that is none."""
    lines = read_text(path).splitlines()
    rows = csv.reader(lines) if path.suffix.lower() == ".csv" else (line.split("\t") for line in lines)
    try:
        yield from (row for row in rows if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise UsageError(f"{path} is no list of comma-separated values: {error}") from None


def _remote(address: str, fetcher: Fetcher) -> Iterator[Source]:
    scheme = address.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        found = [each for each in below(address) if each.lower().endswith(PAGE_SUFFIXES)]
        if not found:
            raise UsageError(f"{address} has no images and no PDF")
        base = address.partition("://")[2].strip("/")
        for each in found:
            path = each.partition("://")[2].strip("/")
            yield _named(each, path.removeprefix(base).strip("/") or path.rpartition("/")[2])
        return
    if urlsplit(address).path.lower().endswith(PAGE_SUFFIXES):
        yield _address(address)
        return
    try:
        content = fetcher.fetch(address)
    except SourceError as error:
        raise UsageError(str(error)) from None
    if content.lstrip()[:1] == b"{":
        yield from _manifest(content.decode("utf-8", errors="replace"), address, fetcher)
    else:
        yield _address(address)


def _manifest(text: str, address: str, fetcher: Fetcher) -> Iterator[Source]:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{address} is not JSON: {error}") from None
    for page in manifest_pages(manifest, address, fetcher):
        yield Source(page.address, _safe(f"{page.document}/{page.number:04}"), "")


def _address(address: str) -> Source:
    return _named(address, unquote(urlsplit(address).path))


def _file(path: Path, relative: str) -> Source:
    return _named(str(path), relative)


def _named(address: str, relative: str) -> Source:
    """Name a source by its path. Paths above the folder of the outputs, and what is no name of a file, are changed."""
    stem, suffix = os.path.splitext(relative)
    return Source(address, _safe(stem), _UNSAFE.sub("_", suffix)[:10])


def _safe(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    return "/".join([_part(part) for part in parts if part not in ("", ".", "..")]) or "page"


def _part(part: str) -> str:
    return (_UNSAFE.sub("_", part).lstrip(".") or "_").encode()[:_LONGEST].decode(errors="ignore")
