"""Decoder protocol: from the logits of a network to texts with the position and confidence of every character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..text.alphabet import Alphabet


@dataclass(frozen=True)
class Span:
    """Time steps start..end (exclusive) of one character, class `index`; confidence in 0..1."""

    index: int
    start: int
    end: int
    confidence: float


@dataclass(frozen=True)
class Decoded:
    """A decoded line: its characters in the order of time steps, and the confidence of the whole line, in 0..1."""

    spans: tuple[Span, ...]
    confidence: float

    def text(self, alphabet: Alphabet) -> str:
        """Return the text in logical order."""
        return alphabet.decode([span.index for span in self.spans])


class Decoder(Protocol):
    """Anything that decodes logits. Implementations hold no state between calls: threads share them."""

    def decode(self, logits: np.ndarray, alphabet: Alphabet, temperature: float = 1.0) -> list[Decoded]:
        """Decode a batch of logits to N lines.

        logits: (N, T, C), C = classes of the alphabet, the CTC blank last. temperature: logits are divided by it before
        they become probabilities (Guo et al. 2017).
        """
        ...


def decode_texts(decoder: Decoder, logits: np.ndarray, alphabet: Alphabet) -> list[str]:
    """Decode a batch of logits (N, T, C) to its N texts."""
    return [line.text(alphabet) for line in decoder.decode(logits, alphabet)]
