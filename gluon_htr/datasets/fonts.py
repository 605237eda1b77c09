"""Lines that nobody wrote: made-up texts in stroke fonts.

`fonts:hershey?corpus=data/corpora&count=10000&seed=0`. Sample k is the same for the same spec, whichever worker draws
it and however many are asked for. The group of a sample is its font.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ..errors import ImageError, MissingToolError
from ..images.typeset_strokes import FONTS, glyphs, write
from ..text.corpora import read_corpus
from ..text.sampler import Texts, TextSource
from .fonts_alphabets import known_alphabet
from .sample import Problem, Sample

HERSHEY = Path("hershey")
CHOICE, DRAWING = 1, 2  # what a sample's seed is followed by, so that its font, its text and its ink vary on their own


class FontsOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a spec of generated lines."""

    #: A text file, or a folder of them; common words are strung together without one.
    corpus: str | None = None
    #: How many lines.
    count: Annotated[int, msgspec.Meta(ge=1)] = 10000
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: What to write: `mixed`, or one of lines, words, patterns (dates, sums, names …), digits, characters.
    texts: Texts = "mixed"
    #: The only characters that occur: `iam`, `any`, or an alphabet's JSON file.
    alphabet: str = "iam"


@dataclass(frozen=True)
class StrokeText:
    """A text in a stroke font that is drawn when called. Can be pickled."""

    text: str
    font: str
    seed: tuple[int, ...]

    def __call__(self) -> np.ndarray:
        """(H, W) uint8, ink on white. Raises `ImageError`, or `MissingToolError` without OpenCV or Hershey-Fonts."""
        try:
            from ..images.ink import InkStyle, render
        except ImportError:
            raise MissingToolError("drawing stroke fonts needs OpenCV: pip install gluon-htr[train]") from None
        random = np.random.default_rng(self.seed)
        try:
            return render(write(self.text, self.font, random), InkStyle(), random)
        except ValueError as error:
            raise ImageError(f"{self.text!r} in {self.font}: {error}") from None


class FontsReader:
    """Streams generated lines.

    Raises `DataError` for a corpus without text, `AlphabetError` for an alphabet that cannot be read.
    """

    def __init__(self, path: Path, options: FontsOptions) -> None:
        self.problems: list[Problem] = []
        self._options = options
        alphabet = known_alphabet(options.alphabet)
        corpus = read_corpus(Path(options.corpus)) if options.corpus else None
        self._fonts, self._shares = list(FONTS), list(FONTS.values())
        covered = frozenset(glyphs(next(iter(FONTS))))
        self._sources = {
            font: TextSource(options.seed, options.texts, corpus, covered if alphabet is None else alphabet & covered)
            for font in self._fonts
        }

    def __len__(self) -> int:
        return self._options.count

    def __iter__(self) -> Iterator[Sample]:
        return (self.sample(index) for index in range(self._options.count))

    def sample(self, index: int) -> Sample:
        """Line number `index`, which may be beyond `count`: the supply is endless."""
        seed = self._options.seed
        choice = np.random.default_rng([seed, index, CHOICE])
        font = str(choice.choice(self._fonts, p=self._shares))
        text = self._sources[font].text(index)
        return Sample(f"{font}-{seed}-{index:07}", text, font, StrokeText(text, font, (seed, index, DRAWING)))
