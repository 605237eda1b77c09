"""IAM words and lines, from the archives as downloaded or from the folders made of them.

`iam-words:data/iam?split=train`: words.tgz or words/; likewise `iam-lines`; `forms.py` reads whole forms. The group of
a sample is its writer. Splits are the Aachen (RWTH) partition by form, whose writers are disjoint; other published
partitions exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from ...errors import AnnotationError
from ...images.decoding import Encoded
from ..sample import Problem, Sample
from ..splits import split_list
from .annotations import Form, read_forms
from .files import IamFiles

AachenSplit = Literal["train", "validation", "test", "all"]


class IamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of an IAM spec."""

    #: Split of the Aachen partition.
    split: AachenSplit = "all"
    #: `ok` leaves out samples that IAM marks as doubtfully segmented.
    segmentation: Literal["all", "ok"] = "all"
    #: `natural` spacing, or `tokens` set apart by spaces (lines).
    text: Literal["natural", "tokens"] = "natural"


class FormsOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of whole forms."""

    #: Split of the Aachen partition.
    split: AachenSplit = "all"
    #: `natural` spacing, or `tokens` set apart by spaces.
    text: Literal["natural", "tokens"] = "natural"
    #: The whole `form` with its printed prompt, or the `handwriting` alone, by the boxes of its words.
    region: Literal["form", "handwriting"] = "form"
    #: `scanned`, or `composed` of the images of lines at their official places, for those who have no scans.
    source: Literal["scanned", "composed"] = "scanned"


@cache
def aachen_forms(split: str) -> frozenset[str]:
    """Return the form ids of a split of the Aachen partition: 747 train, 116 validation, 336 test."""
    return split_list(f"aachen-{split}-forms")


class IamReader:
    """Reader of the samples of one level; from folders in order of ids, from archives in the archive's order.

    Raises `AnnotationError` if `root` has no IAM data of this level.
    """

    def __init__(self, root: Path, level: Literal["words", "lines"], options: IamOptions) -> None:
        self.problems: list[Problem] = []
        self._files, self._level = IamFiles(root), level
        if not self._files.has(level):
            raise AnnotationError(f"{root} has neither {level}/ nor {level}.tgz: run gluon-htr download first")
        self._samples = {}
        for identity, text, group in _entries(read_forms(root, self.problems), level, options):
            if text.strip():
                self._samples[identity] = (text, group)
            else:
                self.problems.append(Problem(identity, "has no text"))

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Sample]:
        missing = dict(self._samples)
        for identity, source in self._files.images(self._level):
            if identity in missing:
                text, group = missing.pop(identity)
                yield Sample(identity, text, group, Encoded(source))
        self.problems += [Problem(identity, "has no image") for identity in missing]

    def transcriptions(self) -> list[str]:
        """Return all texts, also those whose images are missing."""
        return [text for text, _ in self._samples.values()]


def _entries(forms: Iterable[Form], level: str, options: IamOptions) -> Iterator[tuple[str, str, str]]:
    """Yield (id, text, writer) of every word or line that the options choose."""
    tokens, any_segmentation = options.text == "tokens", options.segmentation == "all"
    for form in forms:
        if options.split != "all" and form.id not in aachen_forms(options.split):
            continue
        lines = [line for line in form.lines if line.segmented or any_segmentation]
        if level == "lines":
            yield from ((line.id, line.tokens if tokens else line.text, form.writer) for line in lines)
        else:
            words = (word for line in form.lines for word in line.words if word.segmented or any_segmentation)
            yield from ((word.id, word.text, form.writer) for word in words)
