"""Calibration of a bundle: curves for words and lines, for greedy decoding and for beam search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..bundles.reader import read_description
from ..bundles.schema import Calibration, Lines, Words
from ..decoding.decoder import Decoder, decode_batches
from ..decoding.greedy import GREEDY
from ..errors import HtrError, LanguageModelError
from ..runtime.decoders import DecoderRequest, make_decoder
from ..runtime.loading import find_model, is_bundle
from ..runtime.stores import LineReading, line_reading
from ..text.alphabet import Alphabet
from ..text.calibration import MIN_READINGS, Probabilities, fit
from ..text.reliability import words_right


def fit_calibration(
    logits: Sequence[np.ndarray], texts: Sequence[Sequence[str]], alphabet: Alphabet, temperature: float
) -> Calibration | None:
    """Fit the curves of both decoders; None if there are too few samples, or no curve can be fitted.

    logits: batches (N, T, C); texts: the truth of each batch. Beam search uses the language models that ship.
    """
    truths = [text for batch in texts for text in batch]
    if len(truths) < MIN_READINGS:
        return None
    greedy = _fitted(GREEDY, logits, truths, alphabet, temperature)
    try:
        beam = _fitted(make_decoder(DecoderRequest("beam")), logits, truths, alphabet, temperature)
    except LanguageModelError:  # no model that ships fits the alphabet
        beam = None
    return Calibration(greedy, beam) if greedy or beam else None


def reader_of(model: str) -> Lines | Words | None:
    """Return what a bundle of lines or words says of its reader; None for another model, or if there is none."""
    try:
        reader = read_description(find_model(model)).model if is_bundle(model) else None
    except HtrError:
        return None
    return reader if isinstance(reader, Lines | Words) else None


def _fitted(
    decoder: Decoder, logits: Sequence[np.ndarray], truths: Sequence[str], alphabet: Alphabet, temperature: float
) -> Probabilities | None:
    decoded = decode_batches(decoder, logits, alphabet, temperature)
    return fit_probabilities([line_reading(line, alphabet) for line in decoded], truths)


def fit_probabilities(lines: Sequence[LineReading], truths: Sequence[str]) -> Probabilities | None:
    """Fit the curves of words and lines to readings whose confidences are products. An empty reading has no say: its
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
