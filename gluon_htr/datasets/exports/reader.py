"""Pages that were annotated in Dataturks or Label Studio.

    dataturks:fsdl_handwriting.json?images=scans      an export of Dataturks, its images in a folder
    labelstudio:export.json?split=train&label=Line    an export of Label Studio in JSON

Without `images`, those that `download --annotations` has fetched (`fsdl_handwriting-images`), then `images` and the
folder of the file. A page without annotation is left out, and is not an empty page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from ...errors import AnnotationError
from ...pages.annotations import PROPORTION, AnnotatedPage, check_shape, pixels_per_unit
from ..origin import file_state
from ..page_files import PageFile, image_size
from ..pages import PagesOptions, PagesReader
from ..sample import Problem
from .dataturks import read_dataturks
from .images import ImageFolders, page_name
from .label_studio import read_label_studio
from .record import Record

Parse: TypeAlias = Callable[[Path, str, list[Problem]], Iterator[Record]]


class ExportOptions(PagesOptions, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of an export."""

    #: A split by ratio.
    split: Literal["train", "validation", "all"] = "all"
    #: Each `page` by itself, or pages whose names differ only in `_` and digits at their end as one `document`.
    group: Literal["document", "page"] = "page"
    #: The folder of the images.
    images: str = ""
    #: The label of the marks that are lines, if others are not.
    label: str = ""


def image_folder(file: Path) -> Path:
    """Return the folder where the images of an export are kept unless another is named."""
    return file.with_name(f"{file.stem}-images")


def read_export(file: Path) -> tuple[list[Record], list[Problem]]:
    """Read an export of either program. Raises `AnnotationError` if it is neither."""
    problems: list[Problem] = []
    try:
        with file.open("rb") as opened:
            start = opened.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise AnnotationError(f"{file} cannot be read: {error.strerror}") from None
    parse = read_label_studio if start.startswith(b"[") else read_dataturks
    records = list(parse(file, "", problems))
    if not records:
        why = f": {problems[0].id} {problems[0].reason}" if problems else ""
        raise AnnotationError(f"{file} is not an export of Dataturks or Label Studio{why}")
    return records, problems


class ExportPages:
    """The pages of an export, in the order of the file: a `PageSource`."""

    def __init__(self, file: Path, options: ExportOptions, parse: Parse) -> None:
        self.problems: list[Problem] = []
        self.place, self.by_ratio = file, options.split != "all"
        self._records = list(parse(file, options.label, self.problems))
        self._images = _folders(file, options, self._records)
        self._names = _names(self._records)

    def __iter__(self) -> Iterator[PageFile]:
        seen: dict[Path, str] = {}
        for record, name in zip(self._records, self._names):
            try:
                page = self._open(record, name)
                if page.image in seen:
                    raise AnnotationError(f"has the same image as {seen[page.image]}")
            except AnnotationError as error:
                self.problems.append(Problem(name, str(error)))
                continue
            seen[page.image] = name
            self.problems += [Problem(f"{name}/{place}", fault) for place, fault in record.faults]
            yield page

    def _open(self, record: Record, name: str) -> PageFile:
        if record.fault:
            raise AnnotationError(record.fault)
        image = self._images.find(record.address)
        if image is None:
            raise AnnotationError(
                f"has no image for {record.address}: gluon-htr download --annotations {self.place} fetches it, "
                "images=FOLDER names another folder"
            )
        size = image_size(image)
        if record.size:
            check_shape(size, *record.size)
        page = AnnotatedPage(image.name, 1, PROPORTION, 1, 1, list(record.lines))
        return PageFile(name, page, image, size, pixels_per_unit(page, size))


def open_lines(parse: Parse) -> Callable[[Path, ExportOptions], PagesReader]:
    """Return the function that opens the lines of an export."""
    return lambda file, options: PagesReader(ExportPages(file, options, parse), options)


def companions(parse: Parse) -> Callable[[Path, ExportOptions], Iterator[str]]:
    """Return the function that yields name, size and modification time of an export's images."""

    def states(file: Path, options: ExportOptions) -> Iterator[str]:
        records = list(parse(file, options.label, []))
        folders = _folders(file, options, records)
        for image in sorted({found for record in records if (found := folders.find(record.address))}):
            yield file_state(image, file.parent)

    return states


def _folders(file: Path, options: ExportOptions, records: list[Record]) -> ImageFolders:
    folders = [Path(options.images)] if options.images else [image_folder(file), file.parent / "images", file.parent]
    return ImageFolders(folders, {record.address for record in records})


def _names(records: list[Record]) -> list[str]:
    """Name the pages; where several have the same name, their place in the file is added."""
    plain = [page_name(record.address) for record in records]
    count = Counter(plain)
    return [name if count[name] == 1 else f"{name}.{record.number}" for name, record in zip(plain, records)]
