"""Lines cropped from transcribed pages: images with PAGE XML or ALTO, as Transkribus and eScriptorium export.

`pages:data/pages/hooker?split=train`: the folder `train`, if there is one, without the held-out pages of known
collections (`splits.py`); otherwise a split by ratio that never cuts through a group. The XML may lie beside its image
or in a folder below (Transkribus: `page/`). A line's id is `page/line`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ..errors import AnnotationError
from ..pages.crops import LineCrop
from ..pages.outlines import Outline, outlines
from ..text.transcription import plain
from .origin import file_state
from .page_files import PageFile, PageFiles, PageSource, document_of
from .problems import first_problems
from .sample import Problem, Sample
from .splits import part_by_ratio


class PagesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of pages."""

    #: The folder of this name or, without one, a split by ratio.
    split: Literal["train", "validation", "test", "all"] = "all"
    #: `document`: pages whose names differ only in `_` and one to three digits at their end belong together
    #: (`letter_001`, not `letter-01`). Pages with other names: `folder`, one for each document, or `page`.
    group: Literal["document", "page", "folder"] = "document"
    #: Proportion of the pages that is held out for validation if there are no folders.
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


def open_pages(root: Path, options: PagesOptions) -> PagesReader:
    """Open the lines of a folder of pages."""
    return PagesReader(PageFiles(root, options.split), options)


def page_companions(root: Path, options: PagesOptions) -> Iterator[str]:
    """Yield name, size and modification time of images outside a folder of pages, or of all files of an archive.

    Raises `AnnotationError` as reading the pages does.
    """
    if not root.exists():
        return
    files, inside = PageFiles(root, options.split), Path(os.path.abspath(root))
    for file in files:
        if root.is_file():
            yield file_state(files.place / f"{file.name}.xml", root.parent)
        if inside not in Path(os.path.abspath(file.image)).parents:
            yield file_state(file.image, root.parent)


class PagesReader:
    """Reader of lines, page by page in order of their names, in the order of the file.

    Raises `AnnotationError` if no line can be used.
    """

    def __init__(self, files: PageSource, options: PagesOptions) -> None:
        self._options = options
        self.problems = files.problems
        self._lines, pages = list[_Line](), list[str]()
        for file in files:
            self._lines += self._cut(file)
            if file.content.lines:
                pages.append(document_of(file.name, options.group))
        if not self._lines:
            first = first_problems(self.problems) or "it has no pages"
            raise AnnotationError(f"{files.place} has no usable line: {first}")
        if files.by_ratio:
            groups = [item.group for item in self._lines]
            is_validation = options.split == "validation"
            self._lines = part_by_ratio(self._lines, groups, pages, options.ratio, options.seed, is_validation)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Sample]:
        return (Sample(line.id, line.text, line.group, line.crop) for line in self._lines)

    def _cut(self, file: PageFile) -> Iterator[_Line]:
        page, name = file.content, file.name
        group, seen = document_of(name, self._options.group), set[str]()
        for number, (line, outline) in enumerate(zip(page.lines, outlines(page.lines, file.scale, file.size)), 1):
            identity = f"{name}/{line.id or number}"
            identity = f"{identity}.{number}" if identity in seen else identity
            seen.add(identity)
            text = plain(line.text) if self._options.text == "plain" else line.text
            if not text:
                unreadable = "has an unreadable part, a signature or a leader"
                self.problems.append(Problem(identity, unreadable if line.text else "has no text"))
            elif isinstance(outline, Outline):
                yield _Line(identity, text, group, LineCrop(str(file.image), outline))
            else:
                self.problems.append(Problem(identity, str(outline)))
