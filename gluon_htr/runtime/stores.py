"""Reading of all images of a store, for validation and evaluation: texts alone, or with confidences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..bundles.schema import Calibration
from ..datasets.store import Store
from ..decoding.decoder import Decoder, JointDecoder, decode_batches
from ..decoding.greedy import GREEDY
from ..text.alphabet import Alphabet
from .confidences import LineReading, calibrated, line_reading

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


def read_with_confidences(
    predict: Callable[[np.ndarray], np.ndarray],
    store: Store,
    alphabet: Alphabet,
    decoder: Decoder = GREEDY,
    temperature: float = 1.0,
    calibration: Calibration | None = None,
) -> list[LineReading]:
    """Read every image as `read_store` does: the same texts, with the confidences of a recognizer.

    calibration: curves for confidences at that temperature.
    """
    found: dict[int, LineReading] = {}
    for positions, logits in windows(predict, store, isinstance(decoder, JointDecoder)):
        for k, line in zip(positions, decode_batches(decoder, logits, alphabet, temperature)):
            found[k] = calibrated(line_reading(line, alphabet), calibration)
    return [found[k] for k in range(len(store))]


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
