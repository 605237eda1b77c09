"""Scores of a reader of pages on transcribed pages: found lines, and the text of whole pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from ..datasets.layout.sample import LayoutSample
from ..images.polarity import dark_on_light
from ..pages.document import Page
from ..pages.scoring import Matches, Place, covered, match, pairs
from ..text.normalization import normalize
from ..text.transcription import plain
from .detector import Detector
from .page_reader import PageReader

PAIRED = 0.8  # share of edits above which two lines are not the same line


@dataclass(frozen=True)
class TextEdits:
    """Edits of the text of a page: in reading order, and whatever the order of its lines is. Words likewise."""

    characters: int = 0
    ordered: int = 0
    order_free: int = 0
    words: int = 0
    word_edits: int = 0

    def __add__(self, other: TextEdits) -> TextEdits:
        return TextEdits(*(a + b for a, b in zip(self.figures, other.figures)))

    @property
    def figures(self) -> tuple[int, ...]:
        """All counts, in the order of the fields."""
        return self.characters, self.ordered, self.order_free, self.words, self.word_edits

    @property
    def cer(self) -> float:
        """Character error rate in reading order."""
        return self.ordered / max(self.characters, 1)

    @property
    def order_free_cer(self) -> float:
        """Character error rate whatever the order of the lines is."""
        return self.order_free / max(self.characters, 1)

    @property
    def wer(self) -> float:
        """Word error rate in reading order."""
        return self.word_edits / max(self.words, 1)


@dataclass(frozen=True)
class PageScore:
    """Scores of one page, with its truth and what was found."""

    sample: LayoutSample
    page: Page
    matches: Matches
    edits: TextEdits

    @property
    def collection(self) -> str:
        """Name of the folder of the collection."""
        return self.sample.collection


def score_page(reader: PageReader, sample: LayoutSample) -> PageScore:
    """Read a page and compare lines and text with the truth. Raises `ImageError`.

    Lines without a text that can be scored (`text/transcription.py`) are found or missed as any other, but neither
    they nor what was read in their places count in the text.
    """
    page = reader.read_page(sample.image(), sample.id)
    found = places(page)
    scored = {j for i, j in pairs(sample.places, found) if plain(sample.texts[i])}
    unscored = covered([place for place, text in zip(sample.places, sample.texts) if not plain(text)], found) - scored
    edits = compare_texts(sample.texts, [line.text for j, line in enumerate(page.lines) if j not in unscored])
    return PageScore(sample, page, match(sample.places, found), edits)


def score_layout(detector: Detector, sample: LayoutSample) -> Matches:
    """Find the lines of a page without reading them. Raises `ImageError`."""
    found = detector.find(dark_on_light(sample.image()))
    return match(sample.places, [(line.polygon, line.baseline) for line in found])


def places(page: Page) -> list[Place]:
    """Return polygon and baseline of the lines of a page as arrays."""
    return [(np.array(line.polygon), np.array(line.baseline)) for line in page.lines]


def compare_texts(truth: Sequence[str], read: Sequence[str]) -> TextEdits:
    """Compare the lines of a page with those that were read, both in their order.

    Lines of the truth with unreadable parts are left out (`text/transcription.py`). Order-free, lines are paired one
    to one, the most similar first; lines without a partner are missing or too much.
    """
    theirs = [text for line in truth if (text := plain(line))]
    ours = [text for line in read if (text := normalize(line))]
    whole, other = "\n".join(theirs), "\n".join(ours)
    return TextEdits(
        len(whole),
        Levenshtein.distance(whole, other),
        _order_free(theirs, ours),
        len(whole.split()),
        Levenshtein.distance(whole.split(), other.split()),
    )


def _order_free(theirs: Sequence[str], ours: Sequence[str]) -> int:
    pairs = sorted(
        (Levenshtein.normalized_distance(a, b), i, j) for i, a in enumerate(theirs) for j, b in enumerate(ours)
    )
    used_theirs, used_ours, edits = set[int](), set[int](), 0
    for share, i, j in pairs:
        if share < PAIRED and i not in used_theirs and j not in used_ours:
            used_theirs.add(i)
            used_ours.add(j)
            edits += Levenshtein.distance(theirs[i], ours[j])
    edits += sum(len(text) for i, text in enumerate(theirs) if i not in used_theirs)
    return edits + sum(len(text) for j, text in enumerate(ours) if j not in used_ours)
