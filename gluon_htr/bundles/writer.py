"""Writing of a bundle, complete or not at all. The same content gives the same bytes on every machine."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from pathlib import Path

import msgspec

from .._json import decoder
from .._storage import atomic_file, atomic_folder, check_folder
from ..errors import UsageError
from .schema import DOCUMENT, Description, File

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a .zip can name


def write_bundle(path: Path, description: Description, files: dict[str, bytes]) -> None:
    """Write `path`, a .zip if its name says so, else a new folder.

    description: its `files` are filled in here. files: name → content, without `bundle.json`. A .zip is replaced.
    Raises `UsageError` if a folder exists already, `StorageError` if it cannot be written.
    """
    manifest = {name: File(hashlib.sha256(files[name]).hexdigest(), len(files[name])) for name in sorted(files)}
    document = msgspec.json.encode(msgspec.structs.replace(description, files=manifest))
    try:
        decoder(Description).decode(document)
    except msgspec.ValidationError as error:  # a structure is checked when it is read, not when it is made
        raise UsageError(f"{path} would not be a valid bundle: {error}") from None
    everything = {DOCUMENT: msgspec.json.format(document, indent=1) + b"\n"} | {name: files[name] for name in manifest}
    if path.suffix == ".zip":
        _write_zip(path, everything)
    else:
        _write_folder(path, everything)


def check_target(path: Path) -> None:
    """Raise `UsageError` or `StorageError` if `write_bundle` surely would: to be checked before hours of work."""
    if path.suffix == ".zip" and path.is_dir():
        raise UsageError(f"{path} is a folder: give --output another name")
    if path.suffix != ".zip" and path.exists():
        raise UsageError(f"{path} exists already: remove it, or give --output another name")
    check_folder(path.parent)


def bundle_name(text: str) -> str:
    """Derive the name of a bundle from that of its file. Raises `UsageError` if it cannot be one."""
    name = text.removesuffix(".zip")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(f"{name!r} cannot be a bundle's name: give --name letters, digits, dots and dashes")
    return name


def bundle_size(path: Path) -> str:
    """Format the size of a bundle: `4.4 MB`."""
    files = path.rglob("*") if path.is_dir() else [path]
    return f"{sum(file.stat().st_size for file in files if file.is_file()) / 1e6:.1f} MB"


def _write_zip(path: Path, files: dict[str, bytes]) -> None:
    check_target(path)
    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, whatever this machine is
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=zlib.Z_BEST_COMPRESSION)


def _write_folder(path: Path, files: dict[str, bytes]) -> None:
    check_target(path)
    with atomic_folder(path) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
