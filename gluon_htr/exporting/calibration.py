"""Calibration of a bundle: curves for words and lines, by the network alone and with a language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..bundles.reader import read_description
from ..bundles.schema import Calibration, Lines, Words
from ..decoding.decoder import Decoder, decode_batches
from ..decoding.greedy import GREEDY
from ..errors import HtrError, LanguageModelError
from ..runtime.confidences import LineReading, line_reading
from ..runtime.decoders import DecoderRequest, make_decoder
from ..runtime.loading import find_model, is_bundle
from ..text.alphabet import Alphabet
from ..text.calibration import MIN_READINGS, Probabilities, fit
from ..text.reliability import words_right

Part = tuple[Sequence[np.ndarray], Sequence[str]]  # logits (N, T, C) of an image set, and its texts


def fit_calibration(
    logits: Sequence[np.ndarray],
    texts: Sequence[Sequence[str]],
    groups: Sequence[Sequence[str]],
    alphabet: Alphabet,
    temperature: float,
) -> Calibration | None:
    """Fit curves for the network alone and for beam search with the language models that ship; None if there are too
    few samples, or no curve can be fitted.

    logits: batches (N, T, C); texts, groups: the truth of each, and its writer or document. Every group is read in a
    language of its own, as the pages of a user are.
    """
    truths = [text for batch in texts for text in batch]
    if len(truths) < MIN_READINGS:
        return None
    greedy = _fitted(GREEDY, [(logits, truths)], alphabet, temperature)
    search = make_decoder(DecoderRequest("beam"))
    try:
        language = _fitted(search, _by_group(logits, texts, groups), alphabet, temperature)
    except LanguageModelError:  # no model that ships fits the alphabet
        language = None
    return Calibration(greedy, language) if greedy or language else None


def _by_group(
    logits: Sequence[np.ndarray], texts: Sequence[Sequence[str]], groups: Sequence[Sequence[str]]
) -> list[Part]:
    """Return the lines of each group, and their texts."""
    parts: dict[str, tuple[list[np.ndarray], list[str]]] = {}
    for batch, truths, names in zip(logits, texts, groups):
        for k, (truth, name) in enumerate(zip(truths, names)):
            lines, own = parts.setdefault(name, ([], []))
            lines.append(batch[k : k + 1])
            own.append(truth)
    return list(parts.values())


def reader_of(model: str) -> Lines | Words | None:
    """Return what a bundle of lines or words says of its reader; None for another model, or if there is none."""
    try:
        reader = read_description(find_model(model)).model if is_bundle(model) else None
    except HtrError:
        return None
    return reader if isinstance(reader, Lines | Words) else None


def _fitted(decoder: Decoder, parts: Sequence[Part], alphabet: Alphabet, temperature: float) -> Probabilities | None:
    """Fit curves to what is read in parts: with beam search, to the lines in which a language had a say."""
    lines, truths = list[LineReading](), list[str]()
    for logits, texts in parts:
        for decoded, truth in zip(decode_batches(decoder, logits, alphabet, temperature), texts):
            if decoded.has_language or decoder is GREEDY:
                lines.append(line_reading(decoded, alphabet))
                truths.append(truth)
    return fit_probabilities(lines, truths)


def fit_probabilities(lines: Sequence[LineReading], truths: Sequence[str]) -> Probabilities | None:
    """Fit the curves of words and lines to readings that are not calibrated. An empty reading has no say: its
    confidence stays 0.
    """
    sure, right = list[float](), list[bool]()
    for line, truth in zip(lines, truths):
        sure += [word.confidence for word in line.words]
        right += words_right(truth, [word.text for word in line.words])
    read = [(line, truth) for line, truth in zip(lines, truths) if line.text]
    words = fit(sure, right)
    whole = fit([line.confidence for line, _ in read], [line.text == truth for line, truth in read])
    return Probabilities(words, whole) if words and whole else None
