"""Reading of pages in a worker process: one page at a time, its file written before the answer is given."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import time
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import numpy as np

from .._storage import write_atomically
from .._text_files import printable
from ..datasets.download.fetching import Fetcher, SourceError
from ..errors import HtrError, ImageError, MissingToolError, StorageError
from ..images.decoding import contents
from ..pages.document import Page
from ..pages.files import is_remote
from ..pages.formats.registry import FORMATS
from ..pages.sources import PageSource
from ..runtime.decoders import DecoderRequest, make_decoder
from ..runtime.loading_pages import load_reader
from ..runtime.page_reader import PageReader
from .tasks import (
    Answer,
    BatchFailed,
    PageFailed,
    PageRead,
    ReaderSettings,
    Row,
    SeveralPages,
    Task,
    WorkerLost,
)


class PageWorker:
    """Reads the pages that it is given.

    Raises as `load_reader` does.
    """

    def __init__(self, settings: ReaderSettings) -> None:
        self._reader = load(settings)
        self.use(settings)

    def has_models_of(self, settings: ReaderSettings) -> bool:
        """Tell if its models are those that the settings ask for."""
        return _models(self._settings) == _models(settings)

    def use(self, settings: ReaderSettings) -> None:
        """Change where and how pages are written and fetched. The models stay."""
        self._settings, self._format = settings, FORMATS[settings.format]
        self._fetcher = Fetcher(settings.interval, settings.allow_private)
        self._open: _OpenSource | None = None  # the last: several pages of one source follow each other

    def answer(self, task: Task) -> Answer:
        """Read a page, and write its file. Never raises an `Exception`."""
        try:
            return self._read(task)
        except StorageError as error:
            return BatchFailed(str(error))
        except MissingToolError as error:
            return PageFailed("package missing", str(error))
        except SourceError as error:
            return PageFailed(error.kind, str(error))
        except ImageError as error:
            return PageFailed("unreadable", str(error))
        except MemoryError:
            return WorkerLost("memory", f"it needs more than {self._settings.page_bytes / 1e9:.1f} GB of memory")
        except HtrError as error:
            return BatchFailed(str(error))
        except Exception as error:  # a defect of ours, or of a decoder: the other pages are read
            kind = "memory" if "alloc" in str(error) else "error"  # ONNX Runtime has no error of its own for it
            return WorkerLost(kind, f"unexpected {type(error).__name__}: {error}")

    def _read(self, task: Task) -> Answer:
        began = time.perf_counter()
        source = self._source(task)
        if task.sha256 is not None and source.sha256 != task.sha256:
            raise ImageError(f"{task.address} was changed while it was read")
        if task.number is None and source.pages.count > 1:
            return SeveralPages(source.pages.count, source.sha256)
        image = source.pages.page(task.number or 1)
        if image.error is not None:
            raise image.error
        assert image.pixels is not None
        page = self._reader.read_page(image.pixels, image_name(task), image.number)
        self._write(task, page, image.pixels)
        return PageRead(image.number, _rows(page), time.perf_counter() - began, source.sha256)

    def _source(self, task: Task) -> _OpenSource:
        if self._open is None or self._open.address != task.address:
            if self._open is not None:
                self._open.pages.__exit__()
                self._open = None
            self._open = _OpenSource(task.address, self._fetcher)
        return self._open

    def _write(self, task: Task, page: Page, pixels: np.ndarray) -> None:
        os.environ["SOURCE_DATE_EPOCH"] = str(self._settings.written)
        path = output_path(self._settings.output, task, self._format.suffix)
        if self._format.encode is not None:
            write_atomically(path, self._format.encode(page))
            return
        with self._format.open(path) as writer:
            writer.add(page, pixels)


class _OpenSource:
    def __init__(self, address: str, fetcher: Fetcher) -> None:
        self.address = address
        if not is_remote(address) and not os.path.exists(address):
            raise SourceError("missing", f"{address} does not exist")
        blob = fetcher.fetch(address) if is_remote(address) else contents(address)
        self.sha256 = hashlib.sha256(blob).hexdigest()
        file = io.BytesIO(blob)
        file.name = address  # for messages
        self.pages = PageSource(file)


def load(settings: ReaderSettings) -> PageReader:
    """Load the models of a batch."""
    model, layout, threads, provider, precision, decoder = _models(settings)
    return load_reader(model, layout, threads, [provider], precision, make_decoder(decoder))


def output_path(folder: Path, task: Task, suffix: str) -> Path:
    """Name the file of a page."""
    return folder / page_file(task.name, task.number, suffix)


def page_file(name: str, number: int | None, suffix: str) -> str:
    """Name the file of a page, relative to the output folder. number: None for a source with one page."""
    return f"{name}{suffix}" if number is None else f"{name}-{number:04}{suffix}"


def limit_memory(more: int) -> None:
    """Limit the memory that this process may still take, where the system has such a limit (Linux)."""
    if sys.platform != "linux":
        return
    import resource

    with open("/proc/self/status", encoding="ascii") as status:
        used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used + more
    if most == resource.RLIM_INFINITY or wanted < most:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def _models(settings: ReaderSettings) -> tuple[str | None, str | None, int, str, str, DecoderRequest]:
    which = settings.model, settings.layout, settings.threads
    return *which, settings.provider, settings.precision, settings.decoder


def _rows(page: Page) -> tuple[Row, ...]:
    rows = []
    for region in page.regions:
        for line in region.lines:
            polygon = tuple(int(value) for point in line.polygon for value in point)
            rows.append(Row(region.id, line.id, line.text, line.confidence, polygon))
    return tuple(rows)


def image_name(task: Task) -> str:
    """Name the image of a page: as its file, or, as addresses of one archive may all end alike, as its result."""
    if is_remote(task.address):
        return task.name.rpartition("/")[2] + PurePosixPath(urlsplit(task.address).path).suffix
    return printable(task.address.replace("\\", "/").rstrip("/").rpartition("/")[2])
