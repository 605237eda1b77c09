"""Recomposed lines: real words of one writer of IAM in a new order, with that writer's own distances.

`recomposed:data/iam?split=train&count=10000&seed=0`. A line has words of one writer, who is its group; up to four
consecutive words stay together. Words stand on one baseline, on white, as in IAM's own images of lines. Sample k is the
same for the same spec, in every worker and for every count.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ...errors import AnnotationError
from ...images.decoding import decode
from ...synthesis.texts.sampler import line_length
from ..iam.annotations import read_forms
from ..iam.reader import AachenSplit, aachen_forms
from ..iam.spacing import natural
from ..sample import GeneratedReader, Sample
from .recomposed_words import WordImage, Writer, space_before, writers

CLOSING = frozenset(".,;:!?)'")  # no line begins with one
MAX_RUN = 4  # consecutive words
COMPOSING = 3  # appended to a sample's seed


class RecomposedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of recomposed lines."""

    #: Part of the Aachen partition.
    split: AachenSplit = "train"
    #: Number of lines.
    count: Annotated[int, msgspec.Meta(ge=1)] = 10000
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0


@dataclass(frozen=True)
class Recomposed:
    """Images of words beside each other, composed when called. Can be pickled.

    gaps: pixels before each word. below: distance of each word's foot below the baseline, in pixels.
    """

    paths: tuple[str, ...]
    gaps: tuple[int, ...]
    below: tuple[int, ...]

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8 gray on white. Raises `ImageError` if a word's image is broken."""
        images = [decode(path) for path in self.paths]
        lefts, x = [], 0
        for image, gap in zip(images, self.gaps):
            lefts.append(max(0, x + gap))
            x = lefts[-1] + image.shape[1]
        tops = [below - image.shape[0] for image, below in zip(images, self.below)]
        width = max(left + image.shape[1] for left, image in zip(lefts, images))
        canvas = np.full((max(self.below) - min(tops), width), 255, np.uint8)
        for image, left, top in zip(images, lefts, tops):
            part = canvas[top - min(tops) :][: image.shape[0], left : left + image.shape[1]]
            np.minimum(part, image, out=part)
        return canvas


class RecomposedReader(GeneratedReader):
    """Reader of recomposed lines.

    Raises `AnnotationError` when `root` lacks the words of IAM, unpacked, or their table.
    """

    def __init__(self, root: Path, options: RecomposedOptions) -> None:
        super().__init__(options.count)
        self._options = options
        forms = read_forms(root, self.problems)
        split = options.split
        found = writers(root, [form for form in forms if split == "all" or form.id in aachen_forms(split)])
        if not found:
            raise AnnotationError(f"{root} has no writer of split={split} with words that are marked ok")
        self._names, self._writers = list(found), list(found.values())
        words = np.array([sum(map(len, writer.runs)) for writer in self._writers])
        self._shares = (
            np.sqrt(words) / np.sqrt(words).sum()
        )  # every writer counts, and those with long texts count more

    def sample(self, index: int) -> Sample:
        """Compose line number `index`, which may be beyond `count`."""
        seed = self._options.seed
        random = np.random.default_rng([seed, index, COMPOSING])
        chosen = int(random.choice(len(self._writers), p=self._shares))
        name, writer = self._names[chosen], self._writers[chosen]
        words = _words(writer, line_length(random), random)
        image = Recomposed(
            tuple(word.path for word in words), _gaps(writer, words, random), tuple(word.below for word in words)
        )
        return Sample(f"{name}-{seed}-{index:07}", natural([word.text for word in words]), name, image)


def _words(writer: Writer, length: int, random: np.random.Generator) -> list[WordImage]:
    """Draw words of a writer for a line of about `length` characters: runs of consecutive words, in any order."""
    words: list[WordImage] = []
    size = 0
    while not words or size < length - 3:
        run = writer.runs[int(random.integers(len(writer.runs)))]
        start = int(random.integers(len(run)))
        for word in run[start : start + int(random.integers(1, MAX_RUN + 1))]:
            if words and size + len(word.text) > length:
                return words
            if words or word.text[0] not in CLOSING or not _opens(writer):
                words.append(word)
                size += len(word.text) + 1
    return words


def _opens(writer: Writer) -> bool:
    """Test whether a line can begin with a word of this writer, who may have left only closing marks."""
    return any(word.text[0] not in CLOSING for run in writer.runs for word in run)


def _gaps(writer: Writer, words: list[WordImage], random: np.random.Generator) -> tuple[int, ...]:
    """Draw the pixels before each word from those that the writer left elsewhere."""
    gaps = [0]
    for space in space_before([word.text for word in words])[1:]:
        seen = writer.spaces if space else writer.joints
        gaps.append(seen[int(random.integers(len(seen)))])
    return tuple(gaps)
