"""Metrics of predicted texts against references.

Definitions (micro averages, case-sensitive, after NFC):

- CER = Σ edits / Σ reference characters; WER the same over whitespace tokens.
- Exact rate = proportion of samples without any edit.
- Levenshtein accuracy = mean over samples of (len − distance) / len, as in the Gluon notebook; len is the reference's.

Edits are Levenshtein distances, computed by rapidfuzz. Intervals are 95 % percentile bootstraps that draw whole groups
(writers, pages), since samples of one writer are not independent (Bisani and Ney 2004, for word error rates).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from rapidfuzz.distance import Levenshtein

from .bootstrap import draw_groups, summed
from .normalization import normalize

DRAWS = 1000


class Figure(msgspec.Struct, frozen=True):
    """A measured proportion and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"

    @property
    def percent(self) -> str:
        """The same in percent: `9.16% [7.01, 11.92]`."""
        return f"{self.value:.2%} [{100 * self.low:.2f}, {100 * self.high:.2f}]"


class Confusion(msgspec.Struct, frozen=True):
    """Count of a confusion: `truth` was read as `read`; an empty string stands for nothing."""

    truth: str
    read: str
    count: int


class ScoreCard(msgspec.Struct, frozen=True):
    """The result of an evaluation."""

    samples: int
    groups: int
    characters: int
    cer: Figure
    wer: Figure
    exact_rate: Figure
    levenshtein_accuracy: Figure
    confusions: list[Confusion]


def score(truths: Sequence[str], predictions: Sequence[str], groups: Sequence[str], seed: int = 0) -> ScoreCard:
    """Compare predictions with references; the three sequences are parallel. groups: the writer or page of each sample.

    Raises `ValueError` if they differ in length or are empty, or if every reference is empty.
    """
    if not len(truths) == len(predictions) == len(groups) or not truths:
        raise ValueError(
            f"{len(truths)} truths, {len(predictions)} predictions, {len(groups)} groups: none can be missing"
        )
    truths, predictions = [normalize(t) for t in truths], [normalize(p) for p in predictions]
    counts = np.array([_counts(t, p) for t, p in zip(truths, predictions)], np.float64)
    if not counts[:, 1].any():
        raise ValueError("every reference is empty")
    value, low, high = _interval(counts, groups, seed)
    figures = [Figure(float(v), float(a), float(b)) for v, a, b in zip(value, low, high)]
    return ScoreCard(
        samples=len(truths),
        groups=len(set(groups)),
        characters=int(counts[:, 1].sum()),
        cer=figures[0],
        wer=figures[1],
        exact_rate=figures[2],
        levenshtein_accuracy=figures[3],
        confusions=confusions(truths, predictions),
    )


def cer(references: Sequence[str], predictions: Sequence[str]) -> float:
    """Compute the character error rate over all texts (micro average, after NFC), as in a score card.

    Args:
        references: Correct texts.
        predictions: Recognized texts, one for each reference.

    Returns:
        Edits of all texts divided by the characters of all references; 0 is perfect, and it may exceed 1.

    Raises:
        ValueError: The numbers of texts differ, or there is no reference character.

    Example:
        >>> import gluon_htr
        >>> gluon_htr.cer(["letter", "house"], ["latter", "house"])
        0.09090909090909091
    """
    return _error_rate(references, predictions, str)


def wer(references: Sequence[str], predictions: Sequence[str]) -> float:
    """Compute the word error rate over all texts (micro average, after NFC), as in a score card.

    Args:
        references: Correct texts; words are separated by white space.
        predictions: Recognized texts, one for each reference.

    Returns:
        Word edits of all texts divided by the words of all references; 0 is perfect, and it may exceed 1.

    Raises:
        ValueError: The numbers of texts differ, or there is no reference word.

    Example:
        >>> import gluon_htr
        >>> gluon_htr.wer(["a long letter", "by the sea"], ["a long latter", "by the sea"])
        0.16666666666666666
    """
    return _error_rate(references, predictions, str.split)


def _error_rate(references: Sequence[str], predictions: Sequence[str], units: Callable[[str], Sequence[str]]) -> float:
    if len(references) != len(predictions):
        raise ValueError(f"{len(references)} references, {len(predictions)} predictions: give one for each reference")
    pairs = [(units(normalize(truth)), units(normalize(read))) for truth, read in zip(references, predictions)]
    if not (length := sum(len(truth) for truth, _ in pairs)):
        raise ValueError("every reference is empty")
    return sum(Levenshtein.distance(truth, read) for truth, read in pairs) / length


def levenshtein_accuracy(truth: str, prediction: str) -> float:
    """Compute (len − distance) / len of one sample. An empty reference counts 1 if the prediction is empty, else 0."""
    if not truth:
        return float(not prediction)
    return (len(truth) - Levenshtein.distance(truth, prediction)) / len(truth)


def _counts(truth: str, prediction: str) -> tuple[float, ...]:
    """Count edits, characters, word edits, words, exact, accuracy and samples: figures that add up over samples."""
    words, read = truth.split(), prediction.split()
    return (
        Levenshtein.distance(truth, prediction),
        len(truth),
        Levenshtein.distance(words, read),
        len(words),
        truth == prediction,
        levenshtein_accuracy(truth, prediction),
        1,
    )


def _shares(sums: np.ndarray) -> np.ndarray:
    """Convert sums of `_counts`, (…, 7), to CER, WER, exact rate and accuracy, (…, 4)."""
    edits, characters, word_edits, words, exact, accuracy, samples = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([edits / characters, word_edits / words, exact / samples, accuracy / samples], axis=-1)


def _interval(counts: np.ndarray, groups: Sequence[str], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names, member = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    totals = summed(counts, member, len(names))
    shares = _shares(draw_groups(totals, DRAWS, seed))
    shares[~np.isfinite(shares)] = np.nan  # a draw of groups without any reference character
    low, high = np.nanpercentile(shares, [2.5, 97.5], axis=0)
    return _shares(totals.sum(axis=0)), low, high


def confusions(truths: Sequence[str], predictions: Sequence[str], max_count: int = 20) -> list[Confusion]:
    """Return the most frequent single-character edits on the shortest path from truth to prediction."""
    found: Counter[tuple[str, str]] = Counter()
    for truth, read in zip(truths, predictions):
        for edit in Levenshtein.editops(truth, read):
            source = truth[edit.src_pos] if edit.tag != "insert" else ""
            target = read[edit.dest_pos] if edit.tag != "delete" else ""
            found[source, target] += 1
    return [Confusion(truth, read, count) for (truth, read), count in found.most_common(max_count)]


def worst(truths: Sequence[str], predictions: Sequence[str], max_count: int = 20) -> list[int]:
    """Return the positions of the samples with the lowest Levenshtein accuracy, worst first; exact ones are left
    out.
    """
    accuracy = [levenshtein_accuracy(normalize(t), normalize(p)) for t, p in zip(truths, predictions)]
    order = sorted(range(len(accuracy)), key=accuracy.__getitem__)
    return [index for index in order if accuracy[index] < 1][:max_count]
