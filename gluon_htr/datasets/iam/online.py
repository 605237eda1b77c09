"""IAM-OnDB: lines written on a whiteboard, as pen strokes, with their texts (Liwicki and Bunke 2005).

`iam-online:data/iam-online?split=train`: lineStrokes/ and ascii/, or the archives as downloaded. Splits are the
official lists of the task IAM-OnDB-t1, whose writers are disjoint. The group of a sample is its writer if the whole
recordings, original/, exist as well, and its form otherwise.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from ..._files import MAX_DATA, read_bounded
from ..._text_files import decode_text, read_text
from ...errors import AnnotationError, ImageError, MissingToolError
from ..files import archive_members, archives_named, contents, folder_files
from ..problems import first_problems
from ..sample import Problem, Sample
from .online_spacing import naturally_spaced
from .reader import aachen_forms
from .strokes import TimedStrokes, parse_strokes

LISTS = {"train": "trainset", "validation-v": "testset_v", "validation-t": "testset_t", "test": "testset_f"}
LINE = re.compile(r"(.+)-(\d+)")
HEAD = 8192  # bytes of a recording within which its writer is named


class IamOnlineOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of an IAM-OnDB spec."""

    #: One of the official lists: trainset, testset_v, testset_t, testset_f.
    split: Literal["train", "validation-v", "validation-t", "test", "all"] = "all"
    #: Number of drawings of each line, in different styles and pens; 0 draws the strokes once, unchanged.
    variants: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    #: `natural` spacing, or as it was `transcribed`: one line in ten then has spaces around punctuation.
    text: Literal["natural", "transcribed"] = "natural"
    #: `unseen` leaves out the forms whose prompt is also that of an Aachen validation or test form of IAM: a network
    #: that has learned their texts reads those forms better than others.
    prompts: Literal["all", "unseen"] = "all"


@dataclass(frozen=True)
class StrokeLine:
    """A line as it was written."""

    id: str
    text: str
    writer: str
    strokes: TimedStrokes


@dataclass(frozen=True)
class DrawnStrokes:
    """Pen strokes, from a path or a file's bytes, that are drawn when called. Can be pickled.

    seed: draws the style of another writer and pen; without one, the strokes are drawn unchanged.
    """

    source: str | bytes
    seed: tuple[int, ...] = ()

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8. Raises `ImageError`, or `MissingToolError` without OpenCV."""
        try:
            from ...images.ink import PLAIN, PenStyle, render
        except ImportError:
            raise MissingToolError("drawing pen strokes needs OpenCV: pip install 'gluon-htr[train]'") from None
        try:
            style = PenStyle() if self.seed else PLAIN
            return render(self.strokes(), style, np.random.default_rng(self.seed or 0))
        except AnnotationError as error:
            raise ImageError(str(error)) from None

    def strokes(self) -> TimedStrokes:
        """Read the strokes. Raises `AnnotationError`."""
        if isinstance(self.source, bytes):
            return parse_strokes(self.source)
        try:
            return parse_strokes(read_bounded(self.source, MAX_DATA))
        except OSError as error:
            raise AnnotationError(f"{self.source} cannot be read: {error.strerror}") from None


class IamOnlineReader:
    """Reader of lines; from folders in order of ids, from archives in the archive's order.

    The number of a stroke file is the number of its line. If a form has more stroke files than lines of text, it is
    unknown which line has no text, and all of its lines are left out.

    Raises `AnnotationError` if `root` has no IAM-OnDB data or lacks the list of the split.
    """

    def __init__(self, root: Path, options: IamOnlineOptions) -> None:
        self.problems: list[Problem] = []
        self._root, self._split, self._variants = root, options.split, options.variants
        self._left_out = _aachen_prompts() if options.prompts == "unseen" else frozenset()
        spaced = naturally_spaced if options.text == "natural" else list
        texts = {}
        for form, blob in contents([root], "ascii", (".txt",)):
            try:
                texts[form] = spaced(parse_text(blob))
            except AnnotationError as error:
                self.problems.append(Problem(f"{form}.txt", str(error)))
        files = self._stroke_files()
        if not texts or not files:
            raise AnnotationError(
                f"{root} has no {'ascii' if files else 'lineStrokes'}: "
                "run gluon-htr download --dataset iam-online first"
            )
        self._texts = dict(self._aligned(texts, files))
        if not self._texts:
            first = first_problems(self.problems) or "its texts are empty"
            raise AnnotationError(f"{root} has no usable line of split={options.split}: {first}")

    def __len__(self) -> int:
        return len(self._texts) * max(1, self._variants)

    def __iter__(self) -> Iterator[Sample]:
        for identity, source in self._sources():
            if identity not in self._texts:
                continue
            text, writer = self._texts[identity], self._writer(identity)
            if not self._variants:
                yield Sample(identity, text, writer, DrawnStrokes(source))
            for variant in range(1, self._variants + 1):
                drawn = DrawnStrokes(source, (variant, zlib.crc32(identity.encode())))
                yield Sample(f"{identity}#{variant}", text, writer, drawn)

    def lines(self) -> Iterator[StrokeLine]:
        """Yield the same lines as strokes; files that cannot be read are added to `problems`."""
        for sample in self:
            assert isinstance(sample.image, DrawnStrokes)
            try:
                yield StrokeLine(sample.id, sample.text, sample.group, sample.image.strokes())
            except AnnotationError as error:
                self.problems.append(Problem(sample.id, str(error)))

    def _sources(self) -> Iterator[tuple[str, str | bytes]]:
        if (self._root / "lineStrokes").is_dir():
            yield from folder_files(self._root / "lineStrokes", (".xml",)).items()
            return
        for archive in archives_named(self._root, "lineStrokes"):
            yield from archive_members(archive, (".xml",))

    def _stroke_files(self) -> dict[str, dict[int, str]]:
        """Return the id of each line's file by form and number, from 1."""
        found = defaultdict[str, dict[int, str]](dict)
        for identity, _ in self._sources():
            if match := LINE.fullmatch(identity):
                found[match[1]][int(match[2])] = identity
        return found

    def _aligned(self, texts: dict[str, list[str]], files: dict[str, dict[int, str]]) -> Iterator[tuple[str, str]]:
        """Yield (id, text) of each line of the split that has both."""
        for form in sorted(self._forms(texts.keys() | files.keys())):
            if _prompt(form) in self._left_out:
                continue
            numbered, lines = files.get(form, {}), texts.get(form, [])
            if not numbered:
                self.problems.append(Problem(form, "has no strokes"))
            elif max(numbered) > len(lines):
                why = f"is of a form with {max(numbered)} stroke files for {len(lines)} lines of text"
                self.problems += [Problem(identity, why) for identity in numbered.values()]
            else:
                yield from ((identity, lines[number - 1]) for number, identity in sorted(numbered.items()))
                self.problems += [
                    Problem(f"{form}-{number:02}", "has no strokes")
                    for number in range(1, len(lines) + 1)
                    if number not in numbered
                ]

    def _forms(self, known: set[str]) -> set[str]:
        if self._split == "all":
            return known
        path = self._root / f"{LISTS[self._split]}.txt"
        if not path.is_file():
            raise AnnotationError(f"{path} is missing: fetch the lists of IAM-OnDB-t1 from the data set's page")
        return set(read_text(path).split())

    def _writer(self, line: str) -> str:
        form = line.rpartition("-")[0]
        return self._writers.get(form, form)

    @cached_property
    def _writers(self) -> dict[str, str]:
        """The writer of each form whose whole recording, original/a01/a01-000/strokesu.xml, is there."""
        writers = {}
        for form in {line.rpartition("-")[0] for line in self._texts}:
            number = form.rstrip("abcdefghijklmnopqrstuvwxyz")
            path = self._root / "original" / form[:3] / number / f"strokes{form[len(number) :]}.xml"
            if path.is_file():
                with open(path, "rb") as file:
                    found = re.search(rb'writerID="(\w+)"', file.read(HEAD))
                if found:
                    writers[form] = found[1].decode()
        return writers


def _prompt(form: str) -> str:
    """Return the prompt of a form: forms that differ in their last letter alone had the same."""
    return form.rstrip("abcdefghijklmnopqrstuvwxyz")


def _aachen_prompts() -> frozenset[str]:
    """Return the prompts of Aachen's validation and test forms."""
    return frozenset(_prompt(form) for split in ("validation", "test") for form in aachen_forms(split))


def parse_text(blob: bytes) -> list[str]:
    """Return the lines of a form's corrected text, which follows `CSR:`; a program's reading precedes it.

    One form, a08-551z, has two of its lines in one, separated by a row of percent signs.
    """
    corrected = decode_text(blob, "its text", AnnotationError, latin_1=True).partition("CSR:")[2]
    lines = re.split(r"[\r\n]+|%{3,}", corrected)
    return [" ".join(line.split()) for line in lines if line.strip()]
