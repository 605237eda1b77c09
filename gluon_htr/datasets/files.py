"""Files of a data set, in a folder or still in the archives as downloaded: tar or zip.

A folder takes precedence over archives. Members of an archive are read one after the other: nothing is extracted.
"""

from __future__ import annotations

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from .._files import check_regular, read_bounded
from .._folders import walk
from ..errors import ArchiveError

MAX_MEMBER_BYTES = 256 << 20  # bytes; a page scanned as PNG has 10 MB
ARCHIVES = (".tgz", ".tar.gz", ".tar", ".zip")


_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, RuntimeError, ValueError),
)


def folder_files(folder: Path, suffixes: tuple[str, ...]) -> dict[str, str]:
    """Return the paths of all files below `folder` with one of `suffixes`, by name without suffix, in order of their
    folders.
    """
    found = {}
    for root, names in walk(folder):
        for name in names:
            stem, suffix = os.path.splitext(name)
            if suffix.lower() in suffixes:
                found[stem] = os.path.join(root, name)
    return found


def archives_named(folder: Path, part: str) -> list[Path]:
    """Return the archives of a part of a data set: those in a folder whose names begin with the part's."""
    return [path for path in sorted(folder.glob(f"{part}*")) if path.name.endswith(ARCHIVES) and path.is_file()]


def archive_members(archive: Path, suffixes: tuple[str, ...], inside: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield (name without suffix, content) of an archive's files, in the archive's order.

    inside: only those below a folder of this name. Raises `ArchiveError` if the archive is truncated or not an archive;
    members before the fault have been yielded.
    """
    try:
        check_regular(archive)
        for name, content in _zipped(archive, suffixes) if zipfile.is_zipfile(archive) else _tarred(archive, suffixes):
            if not inside or inside in name.parts[:-1]:
                yield name.stem, content
    except _BROKEN as error:
        raise ArchiveError(f"{archive} is truncated or not an archive ({error}): fetch it again") from None


def _tarred(archive: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[PurePosixPath, bytes]]:
    with tarfile.open(archive, "r|*") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            if member.isfile() and _is_wanted(name, suffixes, member.size):
                file = tar.extractfile(member)
                if file is not None:
                    yield name, file.read()


def _zipped(archive: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[PurePosixPath, bytes]]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            name = PurePosixPath(member.filename)
            if not member.is_dir() and _is_wanted(name, suffixes, member.file_size):
                with opened.open(member) as file:  # read with a bound: the size that a member states may be wrong
                    content = file.read(MAX_MEMBER_BYTES + 1)
                if len(content) <= MAX_MEMBER_BYTES:
                    yield name, content


def _is_wanted(name: PurePosixPath, suffixes: tuple[str, ...], size: int) -> bool:
    """Leave out other files, too large ones, and what macOS adds to archives (`__MACOSX/._words.txt`)."""
    return name.suffix.lower() in suffixes and size <= MAX_MEMBER_BYTES and not name.name.startswith("._")


def contents(folders: Iterable[Path], part: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the files of the first folder that has a folder `part`, or else archives of it."""
    for folder in folders:
        if (folder / part).is_dir():
            for name, path in folder_files(folder / part, suffixes).items():
                yield name, read_bounded(path, MAX_MEMBER_BYTES)
            return
        if archives := archives_named(folder, part):
            for archive in archives:
                yield from archive_members(archive, suffixes)
            return
