"""Generated lines: synthetic texts in stroke fonts, or in the fonts of a folder.

`fonts:hershey?corpus=data/corpora&count=10000&seed=0`, `fonts:my/fonts?…`, and `fonts:letters.json.xz?…` for letters
that people drew (`synthesis/fonts/drawn_fonts.py`). Sample k is the same for the same spec, in every worker and for
every count. The group of a sample is its font.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ..._files import MAX_DATA, read_bounded
from ...errors import SpecError
from ...synthesis.fonts.layout import RenderOptions
from ...synthesis.texts.corpora import corpus_files, read_corpus
from ...synthesis.texts.sampler import MAX_CHARACTERS, Texts, TextSource
from ..sample import GeneratedReader, Problem, Sample
from .alphabets import NAMED, known_alphabet
from .font_files import FontChoice, drawn_letters, hershey_fonts, outline_fonts
from .strips import digit_range

HERSHEY = Path("hershey")
DRAWN = (".json", ".json.xz")  # letters that people drew
#: Terms of such letters by the name of the file.
FONT_SETS = {"chars74k-trajectories": "Chars74K: research, with citation"}
CHOICE, DRAWING = 1, 2  # appended to a sample's seed, so that its font, its text and its ink vary independently


class FontsOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of generated lines."""

    #: A text file, or a folder of text files; without one, common words are strung together.
    corpus: str | None = None
    #: Number of lines.
    count: Annotated[int, msgspec.Meta(ge=1)] = 10000
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Texts to write: `mixed`, or one of lines, words, patterns (dates, sums, names …), digits, characters.
    texts: Texts = "mixed"
    #: The only characters that occur: `iam`, `gb2312` (Chinese), `any`, or an alphabet's JSON file.
    alphabet: str = "iam"
    #: Digits of each number with texts=digits: `5`, or a range as `1-20`.
    digits: str = "1-20"
    #: Largest rotation in degrees to either side; smaller for long lines. The defaults of this and the next two keys
    #: are those of `LineLayout.draw` and `PenStyle`.
    skew: Annotated[float, msgspec.Meta(ge=0, le=45)] | None = None
    #: Largest extra space behind each letter, as a proportion of the font's size.
    spacing: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    #: Largest margin on each side, as a proportion of the font's size.
    margin: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    #: Largest standard deviation of a Gaussian blur in pixels; 0 for none.
    blur: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    #: Proportion of small letters that are written as small capitals, as writers of block letters do; different ones
    #: in each line. Hershey fonts whose letters touch are then left out.
    small_capitals: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    #: Largest proportion of letters that are joined to the one before without lifting the pen, as fast writers of
    #: block letters do; drawn for each line. For letters that people drew and for the same Hershey fonts.
    joins: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0


class FontsReader(GeneratedReader):
    """Reader of generated lines. Fonts that cannot be used are `problems`.

    Raises `SpecError` for a bad number of digits, or for joins in font files, `DataError` for a corpus without text or
    a folder without fonts, `AlphabetError` for an alphabet that cannot be read, `MissingToolError` if a package is not
    installed.
    """

    def __init__(self, path: Path, options: FontsOptions) -> None:
        super().__init__(options.count)
        self._options = options
        alphabet = known_alphabet(options.alphabet)
        self._fonts = _fonts(path, alphabet, options, self.problems)
        self._shares = np.array([font.share for font in self._fonts]) / sum(font.share for font in self._fonts)
        corpus = read_corpus(Path(options.corpus)) if options.corpus else None
        digits = digit_range(options.digits, MAX_CHARACTERS)
        self._texts = [TextSource(options.seed, options.texts, corpus, font.characters, digits) for font in self._fonts]
        self._rendering = RenderOptions(
            options.skew, options.spacing, options.margin, options.blur, options.small_capitals, options.joins
        )

    def sample(self, index: int) -> Sample:
        """Draw line number `index`, which may be beyond `count`."""
        seed = self._options.seed
        chosen = int(np.random.default_rng([seed, index, CHOICE]).choice(len(self._fonts), p=self._shares))
        font, text = self._fonts[chosen], self._texts[chosen].text(index)
        drawing = font.drawing(text, (seed, index, DRAWING), self._rendering)
        return Sample(f"{font.name}-{seed}-{index:07}", text, font.name, drawing)


def _fonts(
    path: Path, alphabet: frozenset[str] | None, options: FontsOptions, problems: list[Problem]
) -> list[FontChoice]:
    if path == HERSHEY:
        block = options.small_capitals or options.joins
        return hershey_fonts(alphabet, joined=not block)
    if path.name.endswith(DRAWN):
        return drawn_letters(path, alphabet)
    if options.joins:
        raise SpecError("joins is for fonts:hershey and for letters that people drew, not for font files")
    return outline_fonts(path, alphabet, problems)


def font_set(path: Path) -> str:
    """Return the name of a font set for score cards: `hershey`, that of letters that people drew, or nothing."""
    if path.name.endswith(DRAWN):
        name = path.name.partition(".")[0]
        return name if name in FONT_SETS else "drawn"
    return str(HERSHEY) if path == HERSHEY else ""


def font_companions(path: Path, options: FontsOptions) -> Iterator[str]:
    """Yield name and digest of the files of the corpus and of the alphabet; by content, since alphabets are often
    rewritten.
    """
    for name in (options.corpus, options.alphabet):
        if name and name not in NAMED:
            yield from corpus_states(name)


def corpus_states(name: str) -> Iterator[str]:
    """Yield name and digest of the files of a corpus."""
    for file in corpus_files(Path(name)):
        if file.is_file():
            digest = hashlib.sha256(read_bounded(file, MAX_DATA)).hexdigest()
            yield f"{file.relative_to(Path(name))}\0{digest}\n"
