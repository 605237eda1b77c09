"""Lines cropped from transcribed pages: images with PAGE XML or ALTO, as Transkribus and eScriptorium export.

`pages:data/pages/hooker?split=train`: the folder `train`, if there is one, without the held-out pages of known
collections (`splits.py`); otherwise a split by ratio that never cuts through a group. The XML may lie beside its image
or in a folder below (Transkribus: `page/`). A line's id is `page/line`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from PIL import ExifTags, Image

from .._folders import files_below
from ..errors import AnnotationError
from ..images.decoding import SUFFIXES
from ..pages.annotations import AnnotatedPage, parse_page
from ..pages.crops import LineCrop
from ..pages.outlines import Outline, outlines
from ..text.transcription import plain
from .files import MAX_MEMBER_BYTES
from .problems import first_problems
from .sample import Problem, Sample
from .splits import held_out, held_out_pages


class PagesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of pages."""

    #: The folder of this name or, without one, a split by ratio.
    split: Literal["train", "validation", "test", "all"] = "all"
    #: `document`: pages whose names differ only in `_` and one to three digits at their end belong together
    #: (`letter_001`, not `letter-01`). Pages with other names: `folder`, one for each document, or `page`.
    group: Literal["document", "page", "folder"] = "document"
    #: Proportion of the lines that is held out for validation if there are no folders.
    ratio: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    #: Seed of the held-out part.
    seed: int = 0
    #: Text by the one convention of `text/transcription.py`, or as it was `transcribed`.
    text: Literal["plain", "transcribed"] = "plain"


@dataclass(frozen=True)
class _Line:
    id: str
    text: str
    group: str
    crop: LineCrop


class PagesReader:
    """Reader of lines, page by page in order of their names, in the order of the file.

    Raises `AnnotationError` if no line can be used.
    """

    def __init__(self, root: Path, options: PagesOptions) -> None:
        self.problems: list[Problem] = []
        self._options = options
        self._folder, by_ratio = _folder(root, options.split)
        self._seen: dict[Path, Path] = {}
        files = [path for path in files_below(self._folder, (".xml",)) if path.is_file()]
        if _is_parted(root) and options.split in ("train", "validation"):
            held = held_out_pages()[root.name]
            files = [path for path in files if (path.stem in held) == (options.split == "validation")]
        self._lines = [line for path in files for line in self._page(path)]
        if not self._lines:
            first = first_problems(self.problems) or "it has no XML files"
            raise AnnotationError(f"{self._folder} has no usable line of PAGE or ALTO: {first}")
        if by_ratio:
            chosen = held_out([line.group for line in self._lines], options.ratio, options.seed)
            is_validation = options.split == "validation"
            self._lines = [line for line in self._lines if (line.group in chosen) == is_validation]

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Sample]:
        return (Sample(line.id, line.text, line.group, line.crop) for line in self._lines)

    def _page(self, path: Path) -> Iterator[_Line]:
        name = path.relative_to(self._folder).with_suffix("").as_posix()
        try:
            page = parse_page(_content(path))
            image = _image(path, page.image)
            if image in self._seen:
                raise AnnotationError(f"has the same image as {self._seen[image]}")
            size = _size(image)
        except AnnotationError as error:
            self.problems.append(Problem(f"{name}.xml", str(error)))
            return
        self._seen[image] = path.relative_to(self._folder)
        yield from self._cut(page, name, image, size)

    def _cut(self, page: AnnotatedPage, name: str, image: Path, size: tuple[int, int]) -> Iterator[_Line]:
        group, seen = _group(name, self._options.group), set[str]()
        scale = np.array([side / own if own > 0 else 1.0 for side, own in zip(size, (page.width, page.height))])
        for number, (line, outline) in enumerate(zip(page.lines, outlines(page.lines, scale, size)), 1):
            identity = f"{name}/{line.id or number}"
            identity = f"{identity}.{number}" if identity in seen else identity
            seen.add(identity)
            text = plain(line.text) if self._options.text == "plain" else line.text
            if not text:
                unreadable = "has an unreadable part, a signature or a leader"
                self.problems.append(Problem(identity, unreadable if line.text else "has no text"))
            elif isinstance(outline, Outline):
                yield _Line(identity, text, group, LineCrop(str(image), outline))
            else:
                self.problems.append(Problem(identity, str(outline)))


def _folder(root: Path, split: str) -> tuple[Path, bool]:
    """Return the folder of the pages of a split, and whether they must still be split by ratio."""
    if not root.is_dir():
        raise AnnotationError(
            f"{root} is not a folder: give the folder that contains pages and their PAGE or ALTO files"
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


def _is_parted(root: Path) -> bool:
    """Test whether our own list splits the pages below `train`: there is no other validation split."""
    return root.name in held_out_pages() and (root / "train").is_dir() and not (root / "validation").is_dir()


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_MEMBER_BYTES:
            raise AnnotationError(f"has more than {MAX_MEMBER_BYTES >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"cannot be read: {error.strerror}") from None


def _image(path: Path, named: str) -> Path:
    """Find the image that an XML file names, or that has its name; beside it or one folder up, and nowhere else."""
    base = re.split(r"[\\/]", named)[-1]
    for folder in (path.parent, path.parent.parent):
        for name in (base, *(path.stem + suffix for suffix in SUFFIXES), *(path.stem + s.upper() for s in SUFFIXES)):
            if Path(name).suffix.lower() in SUFFIXES and (folder / name).is_file():
                return folder / name
    raise AnnotationError(f"has no image {base or path.stem} beside it")


def _size(image: Path) -> tuple[int, int]:
    """Return width and height in pixels, as the image will be decoded: upright."""
    try:
        with Image.open(image) as opened:
            sideways = opened.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            return opened.size[::-1] if sideways else opened.size
    except Exception as error:  # decoders raise whatever they like
        raise AnnotationError(f"has an image that cannot be read: {image.name}: {type(error).__name__}") from None


def _group(name: str, by: str) -> str:
    if by == "page":
        return name
    if by == "folder":
        return name.rpartition("/")[0]
    return re.sub(r"_\d{1,3}$", "", name)
