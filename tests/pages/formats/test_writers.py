"""Writers of all formats: what is on disk afterwards, also when something went wrong."""

from __future__ import annotations

import builtins
import errno
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from example_pages import blank, page, scan, varied

from gluon_htr.errors import MissingToolError, StorageError
from gluon_htr.pages.formats.registry import FORMATS
from gluon_htr.pages.formats.writers import Writer

DOCUMENTS = [name for name, each in FORMATS.items() if each.unit == "document"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_of_one_page_is_one_file_with_the_given_name(name: str, tmp_path: Path) -> None:
    """A script that asked for letter.xml would find letter-0001.xml, or nothing."""
    path = tmp_path / "new" / f"letter{FORMATS[name].suffix}"
    with FORMATS[name].open(path) as writer:
        writer.add(varied(), scan(varied()))
    assert os.listdir(path.parent) == [path.name]
    encode = FORMATS[name].encode
    assert encode is None or path.read_bytes()[:40] == encode(varied())[:40]


@pytest.mark.parametrize("name", ["page", "alto"])
def test_pages_of_a_longer_document_are_numbered(name: str, tmp_path: Path) -> None:
    """Pages would overwrite one another."""
    suffix = FORMATS[name].suffix
    with FORMATS[name].open(tmp_path / f"book{suffix}") as writer:
        for number in (1, 2, 12):
            writer.add(page("text", number=number), scan(blank()))
    assert sorted(os.listdir(tmp_path)) == [f"book-{number}{suffix}" for number in ("0001", "0002", "0012")]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_without_pages_can_be_opened(name: str, tmp_path: Path) -> None:
    """A scan of blank paper would leave a broken file."""
    path = tmp_path / "empty"
    with FORMATS[name].open(path):
        pass
    assert path.is_file()
    assert name != "json" or msgspec.json.decode(path.read_bytes()) == {"source": "", "pages": []}


@pytest.mark.parametrize("name", FORMATS)
def test_an_error_leaves_the_old_file_and_nothing_else(name: str, tmp_path: Path) -> None:
    """A reading that stops half way would destroy the result of the last one."""
    path = tmp_path / f"a{FORMATS[name].suffix}"
    path.write_bytes(b"old")
    with pytest.raises(KeyError), FORMATS[name].open(path) as writer:  # noqa: PT012 - a reading that fails later
        writer.add(varied(), scan(varied()))
        raise KeyError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command would end in a traceback and leave half a file."""

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / f"a{FORMATS[name].suffix}"
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"), FORMATS[name].open(path) as writer:
        writer.add(varied(), scan(varied()))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["txt", "json", "hocr", "html"])
@pytest.mark.parametrize("full_at", [1, 2, 3])
def test_a_disk_that_fills_up_is_named(name: str, full_at: int, tmp_path: Path) -> None:
    """A page would be missing from a file that looks complete."""
    writer = FORMATS[name].open(tmp_path / "a")
    writer._file = _SmallDisk(writer._file, full_at)  # type: ignore[attr-defined]
    with pytest.raises(StorageError, match="disk is full"), writer:
        add_twice(writer)
    assert os.listdir(tmp_path) == []


def add_twice(writer: Writer) -> None:
    for _ in range(2):
        writer.add(varied(), scan(varied()))


class _SmallDisk:
    """A file that can be written a few times."""

    def __init__(self, file: Any, full_at: int) -> None:
        self._file, self._left = file, full_at

    def write(self, content: bytes) -> None:
        self._left -= 1
        if not self._left:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._file.write(content)


@pytest.mark.parametrize("name", ["page", "alto", "hocr", "pdf"])
def test_a_missing_library_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain installation would end in a traceback."""
    original = builtins.__import__

    def without(module: str, *rest: Any) -> Any:
        if module.partition(".")[0] in ("lxml", "pikepdf"):
            raise ImportError(module)
        return original(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingToolError, match=r"gluon-htr\[pages\]"), FORMATS[name].open(tmp_path / "a") as writer:
        writer.add(varied(), scan(varied()))
    assert os.listdir(tmp_path) == []
