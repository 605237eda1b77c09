"""Data sets that `gluon-htr download` can fetch: addresses, files, folders, terms. `metadata.toml` describes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec

from ..._json import convert
from ..._text_files import read_text
from ...errors import ConfigurationError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

METADATA = Path(__file__).with_name("metadata.toml")
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class RemoteFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a data set.

    name: below the data set's base URL, and on disk. folder: the folder below the root that it unpacks to; several
    files may share one. None: the file is kept as it is. size: bytes.
    """

    name: str = msgspec.field(name="filename")
    folder: str | None = None
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    sha256: Sha256 | None = None


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files that belong together under one root folder, a table of `metadata.toml`.

    name: that of the table. registration: the page to register for a user name, if one is needed.
    """

    name: str
    title: str
    base_url: str = msgspec.field(name="url")
    root: str
    terms: str
    files: tuple[RemoteFile, ...]
    registration: str | None = None


def parse_metadata(text: str, where: str) -> dict[str, Dataset]:
    """Parse tables of data sets: name → data set. Raises `ConfigurationError` with table, key and expected type."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    return {name: _dataset(name, table, where) for name, table in tables.items()}


def _dataset(name: str, table: object, where: str) -> Dataset:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where}: {name} is not a table of a data set")
    try:
        return convert({**table, "name": name}, Dataset)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}, [{name}]: {error}") from None


DATASETS = parse_metadata(read_text(METADATA), METADATA.name)


def dataset(name: str) -> Dataset:
    """Return the data set of that name. Raises `UsageError`, which lists the names, if it is unknown."""
    if name not in DATASETS:
        raise UsageError(f"unknown data set '{name}'; the data sets are {', '.join(DATASETS)}")
    return DATASETS[name]
