"""Reading of all images of a store, for validation and evaluation: texts alone, or with confidences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import prod

import numpy as np

from ..datasets.store import Store
from ..decoding.decoder import Decoded, Decoder, JointDecoder, decode_batches
from ..decoding.greedy import GREEDY
from ..text.alphabet import Alphabet
from ..text.calibration import Probabilities

BATCH = 64
WINDOW_BYTES = 64 << 20  # of logits that are decoded together


def read_store(
    predict: Callable[[np.ndarray], np.ndarray], store: Store, alphabet: Alphabet, decoder: Decoder = GREEDY
) -> list[str]:
    """Read every image, in the store's order.

    predict: (N, H, W) uint8 → logits (N, T, C). Only images of equal size share a batch, so that no text depends on its
    neighbors.
    """
    texts = [""] * len(store)
    for positions, logits in windows(predict, store, isinstance(decoder, JointDecoder)):
        for k, line in zip(positions, decode_batches(decoder, logits, alphabet)):
            texts[k] = line.text(alphabet)
    return texts


def classify_store(predict: Callable[[np.ndarray], np.ndarray], store: Store, alphabet: Alphabet) -> list[str]:
    """Classify the single character of every image, in the store's order. predict: (N, H, W) uint8 → logits (N, C)."""
    texts = [""] * len(store)
    for batch in same_size(store.shapes):
        logits = predict(np.stack([store.image(k) for k in batch]))
        for k, best in zip(batch.tolist(), logits.argmax(axis=1).tolist()):
            texts[k] = alphabet.characters[best]
    return texts


@dataclass(frozen=True)
class WordReading:
    """A word that was read, and its confidence."""

    text: str
    confidence: float


@dataclass(frozen=True)
class LineReading:
    """A text that was read, its confidence, and its words in logical order."""

    text: str
    confidence: float
    words: tuple[WordReading, ...]


def read_with_confidences(
    predict: Callable[[np.ndarray], np.ndarray],
    store: Store,
    alphabet: Alphabet,
    decoder: Decoder = GREEDY,
    temperature: float = 1.0,
    probabilities: Probabilities | None = None,
) -> list[LineReading]:
    """Read every image as `read_store` does: the same texts, with the confidences of a recognizer.

    probabilities: curves from products of the characters' confidences at that temperature; without, the products.
    """
    found: dict[int, LineReading] = {}
    for positions, logits in windows(predict, store, isinstance(decoder, JointDecoder)):
        for k, line in zip(positions, decode_batches(decoder, logits, alphabet, temperature)):
            found[k] = calibrated(line_reading(line, alphabet), probabilities)
    return [found[k] for k in range(len(store))]


def calibrated(line: LineReading, probabilities: Probabilities | None) -> LineReading:
    """Convert confidences to probabilities; that of an empty text stays 0."""
    if probabilities is None or not line.text:
        return line
    words = (WordReading(word.text, probabilities.words.of(word.confidence)) for word in line.words)
    return LineReading(line.text, probabilities.lines.of(line.confidence), tuple(words))


def line_reading(line: Decoded, alphabet: Alphabet) -> LineReading:
    """Return the text of a decoded line, and its words; their confidences are products of those of characters."""
    ordered = alphabet.ordered([span.index for span in line.spans])
    words = []
    for is_space, group in groupby(ordered, key=lambda item: item[1].isspace()):
        characters = list(group)
        if not is_space:
            sure = prod(line.spans[k].confidence for k, _ in characters)
            words.append(WordReading("".join(text for _, text in characters), sure))
    text = "".join(text for _, text in ordered)
    return LineReading(text, line.confidence if text else 0.0, tuple(words))


def windows(
    predict: Callable[[np.ndarray], np.ndarray], store: Store, joint: bool = True
) -> Iterator[tuple[list[int], list[np.ndarray]]]:
    """Yield the logits of a store, batch by batch or, if `joint`, several batches of about `WINDOW_BYTES`, with the
    positions of their images.
    """
    positions: list[int] = []
    logits: list[np.ndarray] = []
    for batch in same_size(store.shapes):
        positions += batch.tolist()
        logits.append(predict(np.stack([store.image(k) for k in batch])))
        if not joint or sum(part.nbytes for part in logits) >= WINDOW_BYTES:
            yield positions, logits
            positions, logits = [], []
    if positions:
        yield positions, logits


def same_size(shapes: np.ndarray) -> list[np.ndarray]:
    """Group positions with equal shapes (N, 2), at most `BATCH` per group."""
    order = np.lexsort(shapes.T)
    cuts = np.flatnonzero(np.any(np.diff(shapes[order], axis=0), axis=1)) + 1
    groups = np.split(order, cuts) if len(order) else []
    return [group[k : k + BATCH] for group in groups for k in range(0, len(group), BATCH)]
