"""Files of transcribed pages: PAGE or ALTO with the image of each, and the split that a page belongs to."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from .._files import read_bounded
from .._folders import files_below
from ..errors import AnnotationError, ImageError
from ..images.decoding import SUFFIXES, upright_size
from ..pages.annotations import AnnotatedPage, parse_page, pixels_per_unit
from .download.archives import extract
from .files import MAX_MEMBER_BYTES
from .sample import Problem
from .splits import held_out_pages

IMAGES = ("images", "image", "img", "imgs", "scans", "jpg", "jpeg", "png", "tif", "tiff")  # names of their folders
#: The root of files that describe an export, not a page: METS of eScriptorium and OCR-D, and Transkribus's own.
_CATALOG = re.compile(rb"<(?:\w+:)?(?:mets|trpDocMetadata)[\s>]")
CATALOG_START = 4096  # bytes of a file that have its root
Split = Literal["train", "validation", "test", "all"]


@dataclass(frozen=True)
class PageFile:
    """A page: name of its file without suffix, its content, its image, the size (width, height) of that in pixels, and
    the pixels per unit of x and y in the file, (2,).
    """

    name: str
    content: AnnotatedPage
    image: Path
    size: tuple[int, int]
    scale: np.ndarray


class PageSource(Protocol):
    """Pages of a split, wherever they are described.

    place: where they are, for messages. by_ratio: they are not split; the caller splits by documents. problems: what
    cannot be used, known once all pages have been read.
    """

    @property
    def problems(self) -> list[Problem]: ...

    @property
    def place(self) -> Path: ...

    @property
    def by_ratio(self) -> bool: ...

    def __iter__(self) -> Iterator[PageFile]: ...


class PageFiles:
    """The pages of a folder that belong to a split, in order of their names.

    A `PageSource`; `place` is their folder.
    """

    def __init__(self, root: Path, split: Split) -> None:
        self.problems: list[Problem] = []
        self.place, self.by_ratio = _folder(root, split)
        self._seen: dict[Path, Path] = {}
        self._folders_of_images = cache(_folders_of_images)  # every page of a folder asks for the same
        self._paths = [path for path in files_below(self.place, (".xml",)) if path.is_file()]
        if _is_parted(root) and split in ("train", "validation"):
            held = held_out_pages()[root.name]
            self._paths = [path for path in self._paths if (path.stem in held) == (split == "validation")]

    def __iter__(self) -> Iterator[PageFile]:
        for path in self._paths:
            name = path.relative_to(self.place).with_suffix("").as_posix()
            try:
                content = _content(path)
                if not _CATALOG.search(content[:CATALOG_START]):
                    yield self._open(path, name, content)
            except AnnotationError as error:
                self.problems.append(Problem(f"{name}.xml", str(error)))

    def _image_folders(self, path: Path) -> Iterator[Path]:
        """Yield folders of images for `a/alto/b/p.xml`: a/images/b and a/images, likewise for each folder up to the
        parent of the root.
        """
        below = path.parent.parts
        for count in range(1, len(below) - len(self.place.parts) + 2):
            for folder in self._folders_of_images(Path(*below[:-count])):
                yield folder.joinpath(*below[len(below) - count + 1 :])
                yield folder

    def _open(self, path: Path, name: str, content: bytes) -> PageFile:
        page = parse_page(content)
        image = _image(path, page.image, self._image_folders(path))
        if image in self._seen:
            raise AnnotationError(f"has the same image as {self._seen[image]}")
        size = image_size(image)
        self._seen[image] = path.relative_to(self.place)
        return PageFile(name, page, image, size, pixels_per_unit(page, size))


def document_of(name: str, by: str = "document") -> str:
    """Return the document of a page by its name: see `PagesOptions.group`."""
    if by == "page":
        return name
    if by == "folder":
        return name.rpartition("/")[0]
    return re.sub(r"_\d{1,3}$", "", name)


def _folder(root: Path, split: str) -> tuple[Path, bool]:
    """Return the folder of the pages of a split, and whether they must still be split by ratio."""
    if root.is_file() and zipfile.is_zipfile(root):
        root = _unpacked(root)
    if not root.is_dir():
        raise AnnotationError(
            f"{root} is not a folder: give the folder that contains pages and their PAGE or ALTO files, or a zip of it"
        )
    if split == "all":
        return root, False
    if split == "validation" and _is_parted(root):
        return root / "train", False
    if (root / split).is_dir():
        return root / split, False
    if split == "test" or any((root / part).is_dir() for part in ("train", "validation")):
        raise AnnotationError(f"{root} has no folder {split}")
    return root, True


def _unpacked(archive: Path) -> Path:
    """Return the folder beside an archive in which it is unpacked. Raises `ArchiveError`, `StorageError`."""
    folder = archive.with_name(f"{archive.stem}-pages")
    if not folder.exists():
        extract([archive], folder)
    elif folder.stat().st_mtime < archive.stat().st_mtime:
        raise AnnotationError(f"{folder} was unpacked from an older {archive.name}: remove that folder")
    return folder


def _is_parted(root: Path) -> bool:
    """Test whether our own list splits the pages below `train`: there is no other validation split."""
    return root.name in held_out_pages() and (root / "train").is_dir() and not (root / "validation").is_dir()


def _content(path: Path) -> bytes:
    try:
        return read_bounded(path, MAX_MEMBER_BYTES)
    except OSError as error:
        raise AnnotationError(f"cannot be read: {error.strerror}") from None


def _image(path: Path, named: str, elsewhere: Iterable[Path]) -> Path:
    """Find the image that an XML file names, or that has its name: beside it, one folder up, or in folders of images;
    nowhere else.
    """
    base = re.split(r"[\\/]", named)[-1]
    stems = dict.fromkeys((path.stem, path.stem.partition(".")[0]))  # p.page.xml
    names = [base, *(stem + case for stem in stems for s in SUFFIXES for case in (s, s.upper()))]
    for folder in (path.parent, path.parent.parent, *elsewhere):
        for name in names:
            if Path(name).suffix.lower() in SUFFIXES and (folder / name).is_file():
                return folder / name
    raise AnnotationError(
        f"has no image {base or path.stem} beside it, in the folder above, or in a folder images beside its own"
    )


def _folders_of_images(parent: Path) -> list[Path]:
    try:
        return [path for path in sorted(parent.iterdir()) if path.name.lower() in IMAGES and path.is_dir()]
    except OSError:  # of others, above the data set
        return []


def image_size(image: Path) -> tuple[int, int]:
    """Return width and height in pixels, as the image will be decoded. Raises `AnnotationError`."""
    try:
        return upright_size(image)
    except ImageError as error:
        why = str(error).removeprefix(f"{image} ")
        raise AnnotationError(f"has an image that cannot be read: {image.name}: {why}") from None
