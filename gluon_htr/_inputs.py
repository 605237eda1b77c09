"""Images that a user names on the command line: files, folders, patterns, `-` for stdin, addresses, and data sets."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit

import numpy as np
from PIL import Image

from . import _command
from .images.cost import MAX_FILE
from .pages.files import expand, is_remote

if TYPE_CHECKING:
    from .datasets.sample import Sample

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


class SampleImage(Stream):
    """The image of a sample of a data set, as an image file. label: the text that it shows."""

    def __init__(self, sample: Sample) -> None:
        super().__init__(sample.id, sample.id, lambda: _bitmap(sample.image()))
        self.label = sample.text


Input: TypeAlias = "Path | Stream"


def inputs(names: Sequence[str]) -> list[Input]:
    """Return what names stand for, in order. Raises `UsageError` if a folder or a pattern has no images."""
    found: list[Input] = []
    for name in names:
        if name == STDIN:
            found.append(Stream("stdin", "stdin", lambda: sys.stdin.buffer.read(MAX_FILE + 1)))
        elif is_remote(name):
            found.append(_remote(name))
        else:
            found += expand([name])
    return found


def samples(specs: Sequence[str]) -> list[Input]:
    """Return the images of the samples of data sets, in order. Raises `DataError` if a set cannot be read."""
    if not specs:  # most commands have none, and start without what reads data sets
        return []
    from .datasets.spec import open_spec, parse_spec

    found: list[Input] = []
    for spec in specs:
        reader = open_spec(parse_spec(spec))
        found += [SampleImage(sample) for sample in reader]
        _command.say_left_out(reader.problems, f"gluon-htr doctor {spec}")
    return found


def _bitmap(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "BMP")  # as good as free, unlike PNG
    return file.getvalue()


def _remote(address: str) -> Stream:
    from .datasets.download.fetching import Fetcher

    stem = PurePosixPath(unquote(urlsplit(address).path)).stem or "image"
    return Stream(address, stem, lambda: Fetcher(attempts=2).fetch(address))
