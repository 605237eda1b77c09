"""Differences between two readings A and B of the same samples, and which of them are real.

The test is the paired bootstrap of Bisani and Ney 2004 over whole groups (writers, pages): lines of one writer are not
independent. With few groups a bootstrap is too narrow, so draws are spread as Student's distribution is wider than the
normal one (Hesterberg 2015, "expanded percentiles"). Letters and words are many tests at once; Holm's correction keeps
the chance of one false finding at 5 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np
from rapidfuzz.distance import Levenshtein

from ..text.bootstrap import draw_groups, summed
from ..text.normalization import normalize

DRAWS, LEVEL = 4000, 0.05
MIN_GROUPS = 8  # with fewer, one or two groups decide a bootstrap
MIN_ERRORS = 5  # of both readings in a letter or word, for it to be tested
MAX_UNITS = 100  # letters, and words, with the most errors

Verdict = Literal["A is better", "B is better", "no real difference", "too few groups"]


class Difference(msgspec.Struct, frozen=True):
    """A proportion of A and of B, their difference B − A with its 95 % interval, and the probability of a difference
    as far from zero by chance.
    """

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float


class UnitErrors(msgspec.Struct, frozen=True):
    """Errors in a letter or word of the references, which occurs `count` times. Empty text: what was inserted."""

    text: str
    count: int
    a: int
    b: int
    p: float
    real: bool


class GroupErrors(msgspec.Struct, frozen=True):
    """Errors of a writer, page or form, in characters."""

    name: str
    characters: int
    a: int
    b: int


class WordCounts(msgspec.Struct, frozen=True):
    """Counts of the words of the references, by which reading has them right."""

    both: int
    only_a: int
    only_b: int
    neither: int


class Comparison(msgspec.Struct, frozen=True):
    """The result. Letters, words and groups: those with the largest difference first."""

    samples: int
    groups: int
    characters: int
    verdict: Verdict
    cer: Difference
    wer: Difference
    exact_rate: Difference
    words_right: WordCounts
    letters: list[UnitErrors]
    words: list[UnitErrors]
    by_group: list[GroupErrors]


def compare(
    truths: Sequence[str], texts_a: Sequence[str], texts_b: Sequence[str], groups: Sequence[str], seed: int = 0
) -> Comparison:
    """Compare two readings; all sequences are parallel. Raises `ValueError` if they differ in length or are empty."""
    if not len(truths) == len(texts_a) == len(texts_b) == len(groups) or not truths:
        raise ValueError("there must be a reference, two readings and a group of each sample")
    truths, texts_a, texts_b = ([normalize(text) for text in texts] for texts in (truths, texts_a, texts_b))
    names, member = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    letters = _Units(truths, texts_a, texts_b, member)
    split = [[text.split() for text in texts] for texts in (truths, texts_a, texts_b)]
    words = _Units(split[0], split[1], split[2], member)
    exact = np.array([[t == a, t == b] for t, a, b in zip(truths, texts_a, texts_b)], np.float64)
    figures = np.column_stack([letters.edits, letters.sizes, words.edits, words.sizes, exact, np.ones(len(truths))])
    if not figures[:, 2].any():
        raise ValueError("every reference is empty")
    totals = np.column_stack([summed(figures, member, len(names)), letters.gains(), words.gains()])
    drawn = draw_groups(totals, DRAWS, seed)
    counts, whole = figures.shape[1], totals.sum(axis=0)
    spread = _spread(len(names))
    cer, wer, right = (_difference(whole, drawn, spread, *columns) for columns in ((0, 1, 2), (3, 4, 5), (6, 7, 8)))
    ends = counts + len(letters.tested)
    by_group = [
        GroupErrors(str(name), int(row[2]), int(row[0]), int(row[1])) for name, row in zip(names, totals.tolist())
    ]
    return Comparison(
        samples=len(truths),
        groups=len(names),
        characters=int(whole[2]),
        verdict=_verdict(cer, len(names)),
        cer=cer,
        wer=wer,
        exact_rate=right,
        words_right=words.right(),
        letters=letters.rows(drawn[:, counts:ends], len(names)),
        words=words.rows(drawn[:, ends:], len(names)),
        by_group=sorted(by_group, key=lambda row: (-abs(row.b - row.a), row.name)),
    )


def _verdict(cer: Difference, groups: int) -> Verdict:
    if groups < MIN_GROUPS:
        return "too few groups"
    if cer.low <= 0 <= cer.high:
        return "no real difference"
    return "B is better" if cer.high < 0 else "A is better"


class _Units:
    """Letters or words: sequences of them, and the errors of both readings in each, charged to the reference.

    edits: (N, 2), of A and B in each sample. sizes: (N,), units of each reference.
    """

    def __init__(
        self,
        truths: Sequence[Sequence[str]],
        texts_a: Sequence[Sequence[str]],
        texts_b: Sequence[Sequence[str]],
        member: np.ndarray,
    ) -> None:
        self.sizes = np.array([len(truth) for truth in truths], np.float64)
        self.edits = np.zeros((len(truths), 2))
        self._errors: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._count = Counter(unit for truth in truths for unit in truth)
        self._gains: Counter[tuple[str, int]] = Counter()  # errors of B minus those of A, by unit and group
        self._groups = int(member.max()) + 1
        self._right: Counter[tuple[bool, bool]] = Counter()
        for k, (truth, a, b) in enumerate(zip(truths, texts_a, texts_b)):
            wrong: list[set[int]] = []
            for side, text in enumerate((a, b)):
                wrong.append(set())
                for unit, place in _charged(truth, text):
                    self.edits[k, side] += 1
                    self._errors[side][unit] += 1
                    self._gains[unit, int(member[k])] += 2 * side - 1
                    wrong[side] |= {place} - {-1}
            self._right.update((place not in wrong[0], place not in wrong[1]) for place in range(len(truth)))
        both = self._errors[0] + self._errors[1]
        self.tested = [unit for unit, count in both.most_common(MAX_UNITS) if count >= MIN_ERRORS]

    def gains(self) -> np.ndarray:
        """Return the errors of B minus those of A in each tested unit, by group: (G, U)."""
        rows = [[self._gains[unit, group] for unit in self.tested] for group in range(self._groups)]
        return np.array(rows, np.float64).reshape(self._groups, len(self.tested))

    def rows(self, drawn: np.ndarray, groups: int) -> list[UnitErrors]:
        """Test each unit. drawn: (D, U), bootstrap draws of `gains`."""
        a, b = self._errors
        gains = [b[unit] - a[unit] for unit in self.tested]
        spread = _spread(groups, max(1, len(gains)))
        chances = [_chance(gain + spread * (column - gain)) for gain, column in zip(gains, drawn.T)]
        real = significant(chances) if groups >= MIN_GROUPS else [False] * len(chances)
        rows = [
            UnitErrors(unit, self._count[unit], a[unit], b[unit], p, is_real)
            for unit, p, is_real in zip(self.tested, chances, real)
        ]
        return sorted(rows, key=lambda row: (not row.real, -abs(row.b - row.a)))

    def right(self) -> WordCounts:
        return WordCounts(*(self._right[sides] for sides in ((True, True), (True, False), (False, True), (False,) * 2)))


def _charged(truth: Sequence[str], text: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the unit of the reference that each edit changes, and its place; what was inserted has no unit, place
    −1.
    """
    for edit in Levenshtein.editops(truth, text):
        yield ("", -1) if edit.tag == "insert" else (truth[edit.src_pos], edit.src_pos)


def _spread(groups: int, tests: int = 1) -> float:
    """Compute by how much draws of few groups must be spread: the ratio of Student's and the normal quantile, and of
    the unbiased and the biased standard deviation. tests: made together, which makes the quantile that of a rarer case.
    """
    if groups < 2:
        return 1.0
    z, free = NormalDist().inv_cdf(1 - LEVEL / 2 / tests), groups - 1  # degrees of freedom
    student = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)  # Cornish and Fisher 1938
    return float(student / z * np.sqrt(groups / free))


def _difference(whole: np.ndarray, drawn: np.ndarray, spread: float, a: int, b: int, size: int) -> Difference:
    """Compare the proportions of two columns to a third, in the sums of all groups (K,) and in draws (D, K)."""
    drawn = drawn[drawn[:, size] > 0]
    changes = (drawn[:, b] - drawn[:, a]) / drawn[:, size]
    first, second = (float(whole[column] / whole[size]) for column in (a, b))
    changes = (second - first) + spread * (changes - (second - first))
    low, high = np.percentile(changes, [100 * LEVEL / 2, 100 * (1 - LEVEL / 2)])
    return Difference(first, second, second - first, float(low), float(high), _chance(changes))


def _chance(changes: np.ndarray) -> float:
    """Compute the two-sided probability of no difference from draws of it (Davison and Hinkley 1997, section 4.2)."""
    return float(min(1.0, 2 * (1 + min((changes >= 0).sum(), (changes <= 0).sum())) / (1 + len(changes))))


def significant(chances: Sequence[float]) -> list[bool]:
    """Tell which of many tests are significant together (Holm 1979). chances: their probabilities by chance."""
    real = [False] * len(chances)
    for rank, k in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        if chances[k] > LEVEL / (len(chances) - rank):
            break
        real[k] = True
    return real
