"""Safe unpacking of tar and zip archives from untrusted sources.

Only plain files are written, below the folder and nowhere else; sizes and counts are bounded. A folder appears complete
or not at all, because everything is unpacked beside it first and renamed at the end.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast

from ..._files import check_regular
from ..._storage import atomic_folder, storage_error
from ...errors import ArchiveError, StorageError

Advance = Callable[[int, int | None], None]  # bytes done, bytes in all (None: unknown)

CHUNK = 1 << 16  # bytes
MAX_READ = 1 << 24  # bytes; tarfile reads extended headers whole, and a hostile one claims gigabytes
TAR_BLOCK = 512  # bytes; an archive ends with two blocks of zeros


@dataclass(frozen=True)
class Limits:
    """Bounds of the content of an archive. Of the official ones, NIST's by_class.zip has most: over a million files."""

    members: int = 2_000_000
    bytes: int = 20 << 30


def web_page(start: bytes) -> bool:
    """Test whether a file that begins like this is a web page, which servers send instead of an archive."""
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<!--", b"<?xml"))


def safe_path(name: str, folder: str = "") -> PurePosixPath | None:
    """Return the path of a member below the folder, or None for the folder itself.

    A leading part that repeats the folder's own name is dropped (lineStrokes-all.tar.gz has it, words.tgz does not).
    Raises `ArchiveError` for a name that leads elsewhere.
    """
    path = PurePosixPath(name)
    hostile = not name or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if hostile or any(ord(character) < 32 for character in name):
        raise ArchiveError(f"has a member named {name!r}, which leads out of its folder")
    own = tuple(part.lower() for part in PurePosixPath(folder).parts)
    parts = path.parts
    if own and tuple(part.lower() for part in parts[: len(own)]) == own:
        parts = parts[len(own) :]
    return PurePosixPath(*parts) if parts else None


def extract(
    archives: Sequence[Path], folder: Path, name: str = "", limits: Limits | None = None, advance: Advance | None = None
) -> int:
    """Unpack tar archives, gzipped or plain, or zip archives to `folder`, which appears complete or not at all. Return
    the number of files.

    name: the folder as archives may spell it at the start of their members' names. Raises `ArchiveError` for archives
    that are truncated, hostile or not archives, `StorageError` if the disk is full.
    """
    limits = limits or Limits()
    written = _Tally(limits)
    for path in archives:
        _check_archive(path)
    with atomic_folder(folder) as partial:
        before, total = 0, sum(path.stat().st_size for path in archives)
        for path in archives:
            with _explained(path, folder):
                unpack = _unzip if _starts_as_zip(path) else _unpack
                for position in unpack(path, partial, name or folder.name, written):
                    if advance:
                        advance(before + position, total)
            before += path.stat().st_size
        there = sum(len(names) for _, _, names in os.walk(partial))
        if there != written.files:
            raise StorageError(f"{folder}: {there:,} of {written.files:,} files are there, others were removed: repeat")
    return written.members


def _check_archive(path: Path) -> None:
    try:
        check_regular(path)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}") from None


class _Tally:
    """Counts of files and bytes out of archives, checked against the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.members, self.files, self.bytes = limits, 0, 0, 0

    def add(self, size: int) -> None:
        """Count one more member of `size` bytes. Raises `ArchiveError` beyond the limits."""
        self.members += 1
        self.bytes += size
        if self.members > self.limits.members:
            raise ArchiveError(f"has more than {self.limits.members:,} members")
        if self.bytes > self.limits.bytes:
            raise ArchiveError(f"unpacks to more than {self.limits.bytes:,} bytes")


def _unpack(path: Path, folder: Path, own_name: str, written: _Tally) -> Iterator[int]:
    """Unpack an archive; yield the position in its file after each member."""
    before = written.members
    with path.open("rb") as raw, _decompressed(raw) as stream, _tar(stream) as tar:
        while (member := tar.next()) is not None:
            _place(tar, member, folder, own_name, written)
            cast(Any, tar).members = []  # else tarfile remembers each of 115,320
            yield raw.tell()
        if written.members == before:
            raise ArchiveError("holds no files")
        _drain(stream, written.limits.bytes)


def _starts_as_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _unzip(path: Path, folder: Path, own_name: str, written: _Tally) -> Iterator[int]:
    """Unpack a zip archive; yield the bytes of its members, packed, so far."""
    before, position = written.members, 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            relative, kind = safe_path(member.filename, own_name), stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or member.flag_bits & 1:
                raise ArchiveError(f"has a member {member.filename!r} that is a link, a device or encrypted")
            written.add(member.file_size)
            if relative is not None and not member.is_dir():
                with archive.open(member) as source:  # which reads no more than the size that was counted
                    _write(source, folder / relative, member.filename, written)
            position += member.compress_size
            yield position
    if written.members == before:
        raise ArchiveError("holds no files")


def _tar(stream: _BoundedStream) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast(BinaryIO, stream), mode="r:")


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, own_name: str, written: _Tally) -> None:
    relative = safe_path(member.name, own_name)
    if not (member.isdir() or member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)):
        raise ArchiveError(f"has a member {member.name!r} that is a link or a device, not a file")
    written.add(member.size)
    source = tar.extractfile(member)
    if source is None or relative is None:
        return
    _write(source, folder / relative, member.name, written)


def _write(source: IO[bytes], target: Path, name: str, written: _Tally) -> None:
    """Write a member, and count it. Raises `ArchiveError` if there is one in its place."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(source, file, CHUNK)
        written.files += 1
    except (FileExistsError, NotADirectoryError) as error:
        raise ArchiveError(f"has two members in one place, {name!r}") from error


class _BoundedStream:
    """A stream that rejects huge reads and remembers the last block."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.last = stream, b""
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_READ:
            raise ArchiveError("has an extended header of impossible length")
        self.last = self.stream.read(size)
        return self.last


@contextmanager
def _decompressed(raw: BinaryIO) -> Iterator[_BoundedStream]:
    """Open the tar inside: browsers save .tgz files as they are or already decompressed."""
    start = raw.read(TAR_BLOCK)
    raw.seek(0)
    if start[:2] == b"\x1f\x8b":
        with gzip.open(raw) as stream:
            yield _BoundedStream(cast(BinaryIO, stream))
    elif start[257:262] == b"ustar":
        yield _BoundedStream(raw)
    elif web_page(start):
        raise ArchiveError(
            "is a web page, not an archive: the user name or password was refused. Try again, "
            "or fetch the file in a browser and pass it with --archive"
        )
    else:
        raise ArchiveError("is empty: remove it and fetch it again" if not start else "is not a tar or zip archive")


def _drain(stream: _BoundedStream, limit: int) -> None:
    """Read to the end, so that gzip verifies its checksum; the last block read must be the zeros that end a tar."""
    if stream.last != bytes(TAR_BLOCK):
        raise EOFError
    while piece := stream.read(CHUNK):
        limit -= len(piece)
        if limit < 0:
            raise ArchiveError("goes on far behind its last member")


_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error),
    *(EOFError, NotImplementedError),
)


@contextmanager
def _explained(path: Path, folder: Path) -> Iterator[None]:
    """Name the archive in its errors, as the site does."""
    path = path.with_name(path.name.removesuffix(".part"))
    try:
        yield
    except ArchiveError as error:
        raise ArchiveError(f"{path} {error}") from error
    except _BROKEN as error:
        raise ArchiveError(f"{path} is truncated or damaged: remove it and fetch it again") from error
    except OSError as error:
        raise storage_error(folder, error) from error
