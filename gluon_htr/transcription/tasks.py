"""What an engine is asked to do, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from ..runtime.decoders import DecoderRequest

#: Of a page whose worker ends: it may not be the fault of the page.
ATTEMPTS = 3
#: Of a page whose worker is ended from outside, by a person, the system or a lost machine: hardly its fault.
ATTEMPTS_KILLED = 10


@dataclass(frozen=True)
class ReaderSettings:
    """How pages are read: the options of `gluon-htr read`, resolved, and the limits of each page."""

    model: str | None
    layout: str | None
    threads: int
    precision: str
    provider: str
    decoder: DecoderRequest
    #: Name of the output format, and the folder of its files.
    format: str
    output: Path
    #: Of every page that is written, in seconds since 1970: files of a batch do not depend on when it was interrupted.
    written: int
    #: Seconds and bytes that a page may take.
    page_seconds: float
    page_bytes: int
    #: Seconds between two requests of one worker to a server.
    interval: float = 0.0
    allow_private: bool = False


class Source(NamedTuple):
    """An image, or a file of pages.

    address: a path, or a URL. name: of its result in the output folder, without suffix; `/` separates folders.
    suffix: of the source, which keeps two sources of one name apart.
    """

    address: str
    name: str
    suffix: str = ""


@dataclass(frozen=True)
class Task:
    """A page to read.

    number: of the page in its source, counted from 1; None if it is not known yet how many pages the source has.
    name: of its result in the output folder, without suffix. sha256: of the source when it was opened first, if it has
    several pages.
    """

    source: int
    address: str
    name: str
    number: int | None = None
    sha256: str | None = None


class Row(Struct, frozen=True, array_like=True):
    """A line of `results.parquet`. polygon: x and y in turn, in pixels of the page."""

    region: str
    line: str
    text: str
    confidence: float
    polygon: tuple[int, ...]


@dataclass(frozen=True)
class PageRead:
    """A page was read, and its file is written. model: digest of the models that read it."""

    number: int
    rows: tuple[Row, ...]
    seconds: float
    sha256: str


@dataclass(frozen=True)
class SeveralPages:
    """The source has several pages, each of which is a task of its own."""

    count: int
    sha256: str


@dataclass(frozen=True)
class PageFailed:
    """The page cannot be read, now or later, as long as its source stays as it is."""

    kind: str
    reason: str


@dataclass(frozen=True)
class WorkerLost:
    """The worker ended while it read the page: it crashed, or was ended because of time or memory.

    attempts: after how many of these the page is given up.
    """

    kind: str
    reason: str
    attempts: int = ATTEMPTS


@dataclass(frozen=True)
class BatchFailed:
    """Results cannot be written, or the model is damaged: the batch has to end."""

    reason: str


Answer: TypeAlias = PageRead | SeveralPages | PageFailed | WorkerLost | BatchFailed
