"""Files of a data set, in a folder or still in the archives as downloaded.

A folder takes precedence over archives. Members of an archive are read one after the other: nothing is extracted.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .._files import read_bounded
from .._folders import walk
from ..errors import ArchiveError

MAX_MEMBER_BYTES = 256 << 20  # bytes; a page scanned as PNG has 10 MB


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


def archive_members(archive: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield (name without suffix, content) of an archive's files, in the archive's order.

    Raises `ArchiveError` if the archive is truncated or not an archive; members before the fault have been yielded.
    """
    try:
        with tarfile.open(archive, "r|*") as tar:
            for member in tar:
                name = PurePosixPath(member.name)
                if member.isfile() and name.suffix.lower() in suffixes and member.size <= MAX_MEMBER_BYTES:
                    file = tar.extractfile(member)
                    if file is not None:
                        yield name.stem, file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"{archive} is truncated or not an archive ({error}): fetch it again") from None


def contents(root: Path, part: str, archives: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the files of `root/part`, or else of the archives that match the glob
    `root/archives`.
    """
    if (root / part).is_dir():
        for name, path in folder_files(root / part, suffixes).items():
            yield name, read_bounded(path, MAX_MEMBER_BYTES)
        return
    for archive in sorted(root.glob(archives)):
        yield from archive_members(archive, suffixes)
