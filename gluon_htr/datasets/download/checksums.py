"""Sizes and SHA-256 of the files of a data set, measured and written into `metadata.toml`.

Only the lines of the measured files change, so that comments and order of the file stay. Each file has a line of its
own there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from ..._storage import only_writer, write_atomically
from ..._text_files import read_text
from ...errors import ConfigurationError, StorageError
from .archives import Advance
from .catalog import Dataset, RemoteFile, parse_metadata
from .site import Site
from .transfer import discard, fetch, sha256
from .transfer import keep as keep_part

_FILE = re.compile(r'^(?P<indent> *)\{ *filename *= *"(?P<name>[^"]*)".*\} *,? *$')
_TABLE = re.compile(r"^\[(?P<name>[^\]]+)\] *$")


def measure(
    dataset: Dataset,
    root: Path,
    archives: Mapping[str, Path],
    site: Site | None,
    stage: Callable[[str], AbstractContextManager[Advance]],
    keep: bool = False,
) -> dict[str, RemoteFile]:
    """Fetch the files of a data set and measure them: file name → the file with its size and SHA-256 of today.

    archives: file name → archive of the user, which is measured instead. A part of an earlier run is continued.
    keep: keep the files below `root`. Raises `DownloadError`, `StorageError`.
    """
    found: dict[str, RemoteFile] = {}
    with only_writer(root, dataset.name):
        for file in dataset.files:
            if file.name in archives:
                found[file.name] = _measured(archives[file.name], file)
            elif site:
                with stage(file.name) as advance:
                    part = fetch(site, RemoteFile(file.name), root / file.name, advance)
                found[file.name] = _measured(part, file)
                if keep:
                    keep_part(part, root / file.name)
                else:
                    discard(part)
    return found


def write_checksums(path: Path, dataset: Dataset, measured: Mapping[str, RemoteFile]) -> None:
    """Write sizes and SHA-256 into `metadata.toml`, also where another data set has the same file.

    Raises `ConfigurationError` if the file is not written as it says, `StorageError` if it cannot be written.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from None
    before = parse_metadata(text, path.name)
    same = [name for name, each in before.items() if each.base_url == dataset.base_url]
    wanted = {name: _with(each, measured) if name in same else each for name, each in before.items()}
    edited = _edited(text, wanted, measured)
    if parse_metadata(edited, path.name) != wanted:
        raise ConfigurationError(f"{path}: each file of {dataset.name} needs a line that begins with {{ filename = …")
    write_atomically(path, edited.encode("utf-8"))


def _measured(path: Path, file: RemoteFile) -> RemoteFile:
    return msgspec.structs.replace(file, size=path.stat().st_size, sha256=sha256(path))


def _edited(text: str, wanted: Mapping[str, Dataset], measured: Mapping[str, RemoteFile]) -> str:
    """Write the lines of measured files anew; a line that already says the right thing stays as it is."""
    lines, files = text.splitlines(keepends=True), dict[str, RemoteFile]()
    for number, line in enumerate(lines):
        if table := _TABLE.match(line):
            files = {file.name: file for file in wanted[table["name"]].files}
        found = _FILE.match(line)
        if found and found["name"] in measured and found["name"] in files:
            lines[number] = f"{found['indent']}{_line(files[found['name']])}\n"
    return "".join(lines)


def _line(file: RemoteFile) -> str:
    given = {field.encode_name: getattr(file, field.name) for field in msgspec.structs.fields(file)}
    pairs = ", ".join(f"{key} = {json.dumps(value)}" for key, value in given.items() if value is not None)
    return f"{{ {pairs} }},"


def _with(dataset: Dataset, measured: Mapping[str, RemoteFile]) -> Dataset:
    files = tuple(
        msgspec.structs.replace(file, size=measured[file.name].size, sha256=measured[file.name].sha256)
        if file.name in measured
        else file
        for file in dataset.files
    )
    return msgspec.structs.replace(dataset, files=files)
