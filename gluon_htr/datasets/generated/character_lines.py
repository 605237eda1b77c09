"""Lines composed of images of single characters: sentences in the characters of any other spec.

`composed:emnist:data/emnist?split=train&corpus=data/corpora&count=10000&seed=0` is EMNIST Lines. The keys of
`ComposedLinesOptions` belong to the lines, all others to the characters, whose own split decides what is held out.
Sample k is the same for the same spec, in every worker and for every count. Where writers left enough characters, those
of a line are by one of them as far as possible, who is its group; else every line is its own group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from PIL import Image

from ...errors import DataError, ImageError
from ...images.characters import isolate
from ...synthesis.texts.corpora import read_corpus
from ...synthesis.texts.sampler import Texts, TextSource
from ...text.normalization import normalize
from ..problems import first_problems
from ..sample import GeneratedReader, Problem, Reader, Sample
from .character_sizes import place
from .fonts import corpus_states

CHOOSING, PLACING = 7, 8  # appended to a sample's seed, so that its characters and its layout vary independently

CAPITAL = 24  # pixels of a capital; the ink of EMNIST has 20 to 24
BEARING = 2  # pixels of paper on both sides of a character's ink, which are part of its width
MARGIN = 3  # pixels around the line
UNEVEN = 0.05  # standard deviation of an overlap around the usual one of its line, in widths of a character
SPACES = (0.4, 1.1)  # capitals: bounds of a line's usual space between words
UNEVEN_SPACES = (0.7, 1.4)  # factors on the usual space
UNEVEN_SIZES, UNEVEN_FEET = 0.06, 0.03  # standard deviations, of a factor and in capitals, with sizes=letters
MIN_CLASSES = 10  # different characters that a writer left: with fewer, most of every line is by others
CANDIDATES = 8  # writers of which the one is taken who left most characters of the text

Glyph = Callable[[], np.ndarray]  # as `Sample.image`
Sizes = Literal["letters", "equal"]


class ComposedLinesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of lines composed of characters; other keys are those of the characters."""

    #: A text file, or a folder of text files; without one, common words are strung together.
    corpus: str | None = None
    #: Number of lines.
    count: Annotated[int, msgspec.Meta(ge=1)] = 10000
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Texts to write, as of generated lines.
    texts: Texts = "mixed"
    #: Largest overlap of neighbors, as a proportion of the narrower one's width; drawn for each line and pair.
    overlap: Annotated[float, msgspec.Meta(ge=0, le=0.9)] = 0.33
    #: `letters` stand on a baseline, small ones lower than capitals; `equal` ones fill the line, as in EMNIST Lines.
    sizes: Sizes = "letters"


@dataclass(frozen=True, eq=False)
class ComposedLine:
    """Characters beside each other, composed when called. Can be pickled.

    glyphs: the image of each character of `text` but its spaces.
    """

    text: str
    glyphs: tuple[Glyph, ...]
    seed: tuple[int, ...]
    overlap: float
    sizes: Sizes

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8, ink on white. Raises `ImageError` if the image of a character is broken or empty."""
        random = np.random.default_rng(self.seed)
        characters = self.text.replace(" ", "")
        placed = [_sized(glyph(), character, self.sizes, random) for glyph, character in zip(self.glyphs, characters)]
        lefts = _lefts(self.text, [image.shape[1] for image, _ in placed], self.overlap, random)
        bottom = max(foot for _, foot in placed)
        top = min(foot - image.shape[0] for image, foot in placed)
        right = max(left + image.shape[1] for left, (image, _) in zip(lefts, placed))
        canvas = np.full((bottom - top + 2 * MARGIN, right + 2 * MARGIN), 255, np.uint8)
        for (image, foot), left in zip(placed, lefts):
            y = foot - image.shape[0] - top + MARGIN
            part = canvas[y : y + image.shape[0], left + MARGIN :][:, : image.shape[1]]
            np.minimum(part, image, out=part)
        return canvas


class ComposedLinesReader(GeneratedReader):
    """Reader of composed lines. Samples of the source that are not single characters are `problems`.

    Raises `DataError` if it has no character, or for a corpus without text.
    """

    def __init__(self, source: Reader, options: ComposedLinesOptions) -> None:
        super().__init__(options.count)
        self._options = options
        self._glyphs = defaultdict[str, list[Glyph]](list)
        writers = defaultdict[str, dict[str, list[Glyph]]](lambda: defaultdict(list))
        for sample in source:
            character = normalize(sample.text)
            if len(character) != 1 or character.isspace():
                why = f"has the label {sample.text!r}, which is not a single character"
                self.problems.append(Problem(sample.id, why))
                continue
            self._glyphs[character].append(sample.image)
            writers[sample.group][character].append(sample.image)
        self.problems = list(source.problems) + self.problems
        if not self._glyphs:
            raise DataError(f"no single character to compose lines of: {first_problems(self.problems) or 'no sample'}")
        self._writers = {name: found for name, found in sorted(writers.items()) if len(found) >= MIN_CLASSES}
        self._names = list(self._writers)
        corpus = read_corpus(Path(options.corpus)) if options.corpus else None
        self._texts = TextSource(options.seed, options.texts, corpus, frozenset(self._glyphs) | {" "})

    def sample(self, index: int) -> Sample:
        """Compose line number `index`, which may be beyond `count`."""
        options, text = self._options, self._texts.text(index)
        random = np.random.default_rng([options.seed, index, CHOOSING])
        writer = self._writer(text, random)
        own = self._writers.get(writer, {})
        glyphs = []
        for character in text.replace(" ", ""):
            known = own.get(character) or self._glyphs[character]
            glyphs.append(known[int(random.integers(len(known)))])
        name = f"{writer or 'composed'}-{options.seed}-{index:07}"
        seed = (options.seed, index, PLACING)
        image = ComposedLine(text, tuple(glyphs), seed, options.overlap, options.sizes)
        return Sample(name, text, writer or name, image)

    def _writer(self, text: str, random: np.random.Generator) -> str:
        """Draw a writer who left many characters of a text; empty where no one left enough characters."""
        if not self._names:
            return ""
        drawn = [self._names[k] for k in random.integers(len(self._names), size=CANDIDATES).tolist()]
        return max(drawn, key=lambda name: sum(character in self._writers[name] for character in text))


def _sized(image: np.ndarray, character: str, sizes: Sizes, random: np.random.Generator) -> tuple[np.ndarray, int]:
    """Cut a character out and scale it. Returns its image (H, W) and the pixels from the baseline down to its foot.

    The same random numbers are drawn for all sizes.
    """
    ink = isolate(image)
    if ink.min() == 255:
        raise ImageError(f"the image of a {character!r} is empty")
    size, lift = 1 + UNEVEN_SIZES * random.normal(), UNEVEN_FEET * random.normal()
    foot, top = (0.0, 1.0) if sizes == "equal" else place(character)
    height, width = ink.shape
    scale = CAPITAL * min((top - foot) / height, 1 / width)
    if sizes == "letters":
        scale *= min(max(size, 0.8), 1.2)
    rows, columns = (max(2, round(side * scale)) for side in (height, width))
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    scaled = np.asarray(Image.fromarray(ink).resize((columns, rows), way)).astype(float)
    scaled = 255 - (255 - scaled) * 255 / (255 - scaled.min())  # shrinking made thin strokes faint
    middle = (top + foot) / 2  # of what it fills: a wide one is lower than that
    down = rows / 2 - CAPITAL * (middle + (lift if sizes == "letters" else 0.0))
    return scaled.round().astype(np.uint8), round(down)


def _lefts(text: str, widths: list[int], overlap: float, random: np.random.Generator) -> list[int]:
    """Place the characters: x of the ink of each. widths: of their ink, in pixels."""
    usual, space = random.uniform(0, overlap), CAPITAL * random.uniform(*SPACES)
    lefts: list[int] = []
    x, gap = 0.0, False  # the end of the character before with its paper; whether a space follows it
    for character in text:
        if character == " ":
            x, gap = x + space * random.uniform(*UNEVEN_SPACES), True
            continue
        width = widths[len(lefts)] + 2 * BEARING
        if lefts and not gap:
            narrower = min(width, widths[len(lefts) - 1] + 2 * BEARING)
            x -= narrower * float(np.clip(usual + UNEVEN * random.normal(), 0, overlap))
        lefts.append(round(x))
        x, gap = x + width, False
    return lefts


def composed_companions(path: Path, options: ComposedLinesOptions) -> Iterator[str]:
    """Yield name and digest of the files of the corpus."""
    return corpus_states(options.corpus) if options.corpus else iter(())
