"""How sure a decoded line and its words are, and the probabilities that the calibration of a bundle makes of that.

Of a text that the network alone decided, the confidence of a word is the product of those of its characters. With a
language model a word may be right that the network doubts: then the other texts that the search considered count too,
and how sure the network is of the whole line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import exp, log, prod

from ..bundles.schema import Calibration
from ..decoding.decoder import Decoded
from ..text.alphabet import Alphabet
from ..text.calibration import Probabilities

# Logistic regressions, fitted on words and lines of the mixed validation data of `latin-lines` that the English or the
# French model reads (docs/decisions.md). A share is the probability of a word, or of the whole text, among the texts
# that the search considered.
#: Offset, and weights of the log odds of the product, the log odds of the word's share, the mean log-confidence of the
#: line's characters, and the log odds of the text's share.
WORD_WEIGHTS = (0.15, 0.20, 0.31, 1.51, 0.15)
#: Offset, and weights of the log odds of the product, the log odds of the text's share, and the mean log-confidence.
LINE_WEIGHTS = (-0.73, 0.15, 0.71, 0.88)
LEAST, LEAST_PRODUCT = 1e-4, 1e-9  # smaller probabilities are raised to these


@dataclass(frozen=True)
class WordReading:
    """A word that was read, and its confidence."""

    text: str
    confidence: float


@dataclass(frozen=True)
class LineReading:
    """A text that was read, its confidence, and its words in logical order. has_language: a language had a say."""

    text: str
    confidence: float
    words: tuple[WordReading, ...]
    has_language: bool = False


def line_reading(line: Decoded, alphabet: Alphabet) -> LineReading:
    """Return the text of a decoded line and its words, before calibration. The confidence of an empty text is 0."""
    ordered = alphabet.ordered([span.index for span in line.spans])
    words = []
    for is_space, group in groupby(ordered, key=lambda item: item[1].isspace()):
        characters = list(group)
        if not is_space:
            sure = prod(line.spans[k].confidence for k, _ in characters)
            words.append(WordReading("".join(text for _, text in characters), sure))
    text = "".join(text for _, text in ordered)
    if not text:
        return LineReading("", 0.0, ())
    read = LineReading(text, line.confidence, tuple(words))
    return _with_language(read, line, alphabet) if line.has_language and words else read


def calibrated(line: LineReading, calibration: Calibration | None) -> LineReading:
    """Convert confidences to probabilities, if the bundle has the curves; that of an empty text stays 0."""
    curves = curves_of(calibration, line.has_language)
    if curves is None or not line.text:
        return line
    words = tuple(WordReading(word.text, curves.words.of(word.confidence)) for word in line.words)
    return replace(line, confidence=curves.lines.of(line.confidence), words=words)


def curves_of(calibration: Calibration | None, has_language: bool) -> Probabilities | None:
    """Return the curves for texts in which a language had a say, or for others."""
    if calibration is None:
        return None
    return calibration.language if has_language else calibration.greedy


def _with_language(read: LineReading, line: Decoded, alphabet: Alphabet) -> LineReading:
    """Replace the products by estimates that know the other texts of the line."""
    from ..text.alternatives import word_alternatives  # greedy decoding starts without rapidfuzz

    considered = [(alphabet.decode(other.labels), other.probability) for other in line.considered]
    shares = [own[0][1] for own in word_alternatives(considered, 1)]
    logs = sum(log(max(word.confidence, LEAST_PRODUCT)) for word in read.words)
    mean, whole = logs / sum(len(word.text) for word in read.words), _log_odds(line.considered[0].probability)
    words = tuple(
        WordReading(word.text, _estimate(WORD_WEIGHTS, _log_odds(word.confidence), _log_odds(share), mean, whole))
        for word, share in zip(read.words, shares, strict=True)
    )
    sure = _estimate(LINE_WEIGHTS, _log_odds(read.confidence), whole, mean)
    return LineReading(read.text, sure, words, has_language=True)


def _estimate(weights: Sequence[float], *values: float) -> float:
    offset, *others = weights
    return 1 / (1 + exp(-offset - sum(weight * value for weight, value in zip(others, values))))


def _log_odds(probability: float) -> float:
    inside = min(max(probability, LEAST), 1 - LEAST)
    return log(inside / (1 - inside))
