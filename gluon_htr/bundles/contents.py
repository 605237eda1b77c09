"""The files of a bundle as bytes, from an untrusted folder or .zip.

Nothing is written to disk, so no path can lead anywhere; every count and size is bounded before memory is allocated.
"""

from __future__ import annotations

import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from .._files import check_regular
from ..errors import BundleError

MAX_FILES = 64
MAX_BYTES = 512 << 20  # of all files together: four times the largest recognizer in the literature
_END = struct.Struct("<4s4H2LH")  # the record that ends a .zip without a comment
_NAME = re.compile(r"(?:golden/)?[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)


def read_contents(path: Path, only: str | None = None) -> dict[str, bytes]:
    """Read name → content of all files, or of `only` one. Raises `BundleError` for anything unexpected."""
    try:
        return _folder(path, only) if path.is_dir() else _zip(path, only)
    except FileNotFoundError:
        raise BundleError(f"{path} does not exist: give a bundle's folder or .zip") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from None
    except _BROKEN as error:
        raise BundleError(f"{path} is not a bundle, or is damaged: {error or type(error).__name__}") from None


def check_name(path: Path, name: str) -> None:
    """Raise `BundleError` for a name that no bundle has: absolute, with `..`, backslashes or other folders."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise BundleError(f"{path} has a file named {name!r:.80}: bundles have no such file")


def _check_amounts(path: Path, sizes: Iterable[int]) -> None:
    sizes = list(sizes)
    if len(sizes) > MAX_FILES:
        raise BundleError(f"{path} has {len(sizes)} files; a bundle has at most {MAX_FILES}")
    if sum(sizes) > MAX_BYTES:
        raise BundleError(f"{path} has {sum(sizes):,} bytes unpacked; at most {MAX_BYTES:,} are accepted")


def _zip(path: Path, only: str | None) -> dict[str, bytes]:
    check_regular(path)
    _check_amounts(path, [path.stat().st_size])
    with path.open("rb") as file:
        _check_directory(path, file)
        return _entries(path, file, only)


def _check_directory(path: Path, file: BinaryIO) -> None:
    """Check that the table of contents is small: zipfile reads all of it at once (APPNOTE 4.3.16)."""
    file.seek(-min(_END.size, path.stat().st_size), os.SEEK_END)
    end = file.read(_END.size)
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06"):
        raise BundleError(f"{path} is not a bundle: it is not a .zip, or is cut off")
    *_, count, size, _, comment = _END.unpack(end)
    if count > MAX_FILES or size > MAX_FILES * 1024 or comment:
        raise BundleError(f"{path} is not a bundle: its table of contents has {count} files in {size} bytes")
    if file.tell() >= _END.size + 20:
        file.seek(-_END.size - 20, os.SEEK_END)
        if file.read(4) == b"PK\x06\x07":
            raise BundleError(f"{path} is not a bundle: it is a Zip64 archive")


def _entries(path: Path, file: BinaryIO, only: str | None) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        _check_amounts(path, [entry.file_size for entry in entries])
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise BundleError(f"{path} has two files of one name")
        for entry in entries:
            _check_entry(path, entry)
        return {entry.filename: _unpacked(path, archive, entry) for entry in entries if only in (None, entry.filename)}


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    check_name(path, entry.filename)
    if entry.orig_filename != entry.filename:  # a NUL or a foreign separator that zipfile has replaced
        raise BundleError(f"{path} has a file named {entry.orig_filename!r:.80}: bundles have no such file")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BundleError(f"{path}: {entry.filename} is a link or a device, not a file")
    if entry.flag_bits & 0x1:
        raise BundleError(f"{path}: {entry.filename} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(f"{path}: {entry.filename} uses an unsupported compression method (stored or deflate only)")


def _unpacked(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        return _exactly(path, entry.filename, file, entry.file_size)  # type: ignore[arg-type]


def _exactly(path: Path, name: str, file: BinaryIO, size: int) -> bytes:
    content = file.read(size + 1)
    if len(content) != size:
        raise BundleError(f"{path}: {name} does not have the {size} bytes that it announces")
    return content


def _folder(path: Path, only: str | None) -> dict[str, bytes]:
    names = sorted(_names(path, ""))
    for name in names:
        check_name(path, name)
    _check_amounts(path, [(path / name).stat().st_size for name in names])
    contents = {}
    for name in names:
        if only in (None, name):
            with (path / name).open("rb") as file:
                contents[name] = _exactly(path, name, file, os.fstat(file.fileno()).st_size)
    return contents


def _names(path: Path, below: str) -> list[str]:
    """List the plain files of a folder and of its `golden`. Raises `BundleError` for anything else."""
    names: list[str] = []
    with os.scandir(path / below) as entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False) and name == "golden":
                names += _names(path, name)
            elif entry.is_file(follow_symlinks=False):
                names.append(name)
            else:
                raise BundleError(f"{path}: {name!r:.80} is a link, a device or an unexpected folder")
            if len(names) > MAX_FILES:
                raise BundleError(f"{path} has more than {MAX_FILES} files; is it a bundle?")
    return names
