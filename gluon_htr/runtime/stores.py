"""Reading of all images of a store, for validation and evaluation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..datasets.store import Store
from ..decoding.decoder import Decoder, decode_texts
from ..decoding.greedy import GREEDY
from ..text.alphabet import Alphabet

BATCH = 64


def read_store(
    predict: Callable[[np.ndarray], np.ndarray], store: Store, alphabet: Alphabet, decoder: Decoder = GREEDY
) -> list[str]:
    """Read every image, in the store's order.

    predict: (N, H, W) uint8 → logits (N, T, C). Only images of equal size share a batch, so that no text depends on its
    neighbors.
    """
    texts = [""] * len(store)
    for positions in same_size(store.shapes):
        logits = predict(np.stack([store.image(k) for k in positions]))
        for k, text in zip(positions, decode_texts(decoder, logits, alphabet)):
            texts[k] = text
    return texts


def same_size(shapes: np.ndarray) -> list[np.ndarray]:
    """Group positions with equal shapes (N, 2), at most `BATCH` per group."""
    order = np.lexsort(shapes.T)
    cuts = np.flatnonzero(np.any(np.diff(shapes[order], axis=0), axis=1)) + 1
    groups = np.split(order, cuts) if len(order) else []
    return [group[k : k + BATCH] for group in groups for k in range(0, len(group), BATCH)]
