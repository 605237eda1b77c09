"""New lines of words that one writer of UNIPEN wrote one by one.

The packs do not keep the position of a word on its line. Its baseline is derived from its letters: the foot of the ink,
except for words with descenders, which take a usual proportion of the height.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from ...errors import AnnotationError
from ...synthesis.texts.sampler import line_length
from ..sample import GeneratedReader, Problem, Sample
from .packs import PenSample

COMPOSING = 4  # appended to a sample's seed
MIN_WORDS = 20  # words of a writer: fewer repeat in every line
ASCENDING = frozenset("bdfhiklt")  # of small letters
DESCENDING = frozenset("gjpqy,;")
CLOSING = frozenset(".,;:!?")  # marks that were written as words of their own stick to the word before
BOTH, DEEP = 0.3, 0.45  # of the ink's height is below the baseline: of words with ascenders, and without
SPACES = (80.0, 180.0)  # units between words: bounds of a line's usual distance
JOINTS = (5.0, 30.0)  # units before a closing mark
UNEVEN = (0.7, 1.4)  # factors on the usual distance

PlacedStrokes = tuple[np.ndarray, ...]


class ComposedReader(GeneratedReader):
    """Reader of composed lines. draw: makes of strokes and a seed an image that is drawn when called.

    Raises `AnnotationError` if no writer left enough words.
    """

    def __init__(
        self,
        items: Sequence[PenSample],
        count: int,
        seed: int,
        draw: Callable[[PlacedStrokes, tuple[int, ...]], Callable[[], np.ndarray]],
        problems: list[Problem],
    ) -> None:
        super().__init__(count)
        self.problems = problems
        self._seed, self._draw = seed, draw
        words = defaultdict[str, list[PenSample]](list)
        for item in items:
            if item.label in CLOSING or any(character.isalnum() for character in item.label):
                words[item.group].append(item)
        self._writers = [found for _, found in sorted(words.items()) if _words(found) >= MIN_WORDS]
        if not self._writers:
            raise AnnotationError(f"no writer left {MIN_WORDS} words to compose lines of")
        sizes = np.sqrt([len(found) for found in self._writers])
        self._shares = sizes / sizes.sum()  # every writer counts, and those with many words count more

    def sample(self, index: int) -> Sample:
        """Compose line number `index`, which may be beyond the count."""
        random = np.random.default_rng([self._seed, index, COMPOSING])
        words = self._writers[int(random.choice(len(self._writers), p=self._shares))]
        chosen = _line(words, line_length(random), random)
        strokes = side_by_side(chosen, random)
        text = "".join(
            word.label if k == 0 or word.label in CLOSING else f" {word.label}" for k, word in enumerate(chosen)
        )
        image = self._draw(strokes, (self._seed, index, COMPOSING))
        return Sample(f"{words[0].group}-{self._seed}-{index:07}", text, words[0].group, image)


def _words(items: Sequence[PenSample]) -> int:
    return sum(item.label not in CLOSING for item in items)


def _line(words: Sequence[PenSample], length: int, random: np.random.Generator) -> list[PenSample]:
    """Draw words for a line of about `length` characters; no mark comes first or after another."""
    line: list[PenSample] = []
    size = 0
    while not line or size < length - 3:
        word = words[int(random.integers(len(words)))]
        if word.label in CLOSING and (not line or line[-1].label[-1] in CLOSING):
            continue
        if line and size + len(word.label) > length:
            break
        line.append(word)
        size += len(word.label) + (word.label not in CLOSING)
    return line


def side_by_side(words: Sequence[PenSample], random: np.random.Generator) -> PlacedStrokes:
    """Return the strokes of words on one baseline, y = 0, with distances that vary as in a line of one writer."""
    usual, x, placed = random.uniform(*SPACES), 0.0, list[np.ndarray]()
    for k, word in enumerate(words):
        points = np.concatenate(word.strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        gap = random.uniform(*JOINTS) if word.label in CLOSING else usual * random.uniform(*UNEVEN)
        x += gap if k else 0.0
        move = np.array([x - low[0], below(word.label, float(high[1] - low[1])) - high[1]], np.float32)
        placed += [stroke + move for stroke in word.strokes]
        x += float(high[0] - low[0])
    return tuple(placed)


def below(label: str, height: float) -> float:
    """Return the units from the baseline down to the foot of a word whose ink is `height` units high."""
    if not DESCENDING.intersection(label):
        return 0.0
    if label in DESCENDING:
        return 0.6 * height if label == "," else DEEP * height
    tall = any(character in ASCENDING or character.isupper() or character.isdigit() for character in label)
    return (BOTH if tall else DEEP) * height
