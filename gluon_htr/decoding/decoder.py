"""Decoder protocol: from the logits of a network to texts with the position and confidence of every character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

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
class Alternative:
    """A possible text of a line: class indices in the order of time steps, and its probability among all that were
    considered.
    """

    labels: tuple[int, ...]
    probability: float


@dataclass(frozen=True)
class Decoded:
    """A decoded line: its characters in the order of time steps, and the confidence of the whole line, in 0..1.

    alternatives: the most probable texts, this one first, from decoders that find several. considered: all texts that
    such a decoder found, in the same order. has_language: a language model or a lexicon had a say in the text.
    """

    spans: tuple[Span, ...]
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    considered: tuple[Alternative, ...] = ()
    has_language: bool = False

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


@runtime_checkable
class JointDecoder(Decoder, Protocol):
    """A decoder that gains from getting the batches of an image set or page together."""

    def decode_batches(
        self, batches: Sequence[np.ndarray], alphabet: Alphabet, temperature: float = 1.0
    ) -> list[Decoded]:
        """Decode batches of logits (N, T, C) of different T to their lines, in order."""
        ...


@runtime_checkable
class SearchingDecoder(Decoder, Protocol):
    """A decoder that finds several texts of a line."""

    def with_n_best(self, n_best: int) -> Decoder:
        """Return the same decoder that gives another number of alternatives."""
        ...


def decode_batches(
    decoder: Decoder, batches: Sequence[np.ndarray], alphabet: Alphabet, temperature: float = 1.0
) -> list[Decoded]:
    """Decode batches of logits (N, T, C) to their lines, in order: together, if the decoder gains from that."""
    if isinstance(decoder, JointDecoder):
        return decoder.decode_batches(batches, alphabet, temperature)
    return [line for batch in batches for line in decoder.decode(batch, alphabet, temperature)]


def decode_texts(decoder: Decoder, logits: np.ndarray, alphabet: Alphabet) -> list[str]:
    """Decode a batch of logits (N, T, C) to its N texts."""
    return [line.text(alphabet) for line in decoder.decode(logits, alphabet)]
