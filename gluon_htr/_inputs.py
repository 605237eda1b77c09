"""Images that a user names on the command line: files, folders, patterns, `-` for standard input, web addresses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from .pages.files import expand, is_remote

STDIN = "-"


class Stream:
    """An image that is read when it is its turn; `contents` takes it for an open file.

    name: in messages and in output. stem: of its output file.
    """

    def __init__(self, name: str, stem: str, read: Callable[[], bytes]) -> None:
        self.name, self.stem, self._read = name, stem, read

    def read(self, size: int = -1) -> bytes:
        """Return the whole image. Raises `ImageError` if it cannot be fetched."""
        return self._read()

    def __str__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and other.name == self.name


Input: TypeAlias = "Path | Stream"


def inputs(names: Sequence[str]) -> list[Input]:
    """Return what names stand for, in order. Raises `UsageError` if a folder or a pattern has no images."""
    found: list[Input] = []
    for name in names:
        if name == STDIN:
            found.append(Stream("stdin", "stdin", sys.stdin.buffer.read))
        elif is_remote(name):
            found.append(_remote(name))
        else:
            found += expand([name])
    return found


def _remote(address: str) -> Stream:
    from .datasets.download.fetching import Fetcher

    stem = PurePosixPath(unquote(urlsplit(address).path)).stem or "image"
    return Stream(address, stem, lambda: Fetcher(attempts=2).fetch(address))
