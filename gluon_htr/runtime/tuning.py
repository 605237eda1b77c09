"""Choice of the weight of a language model, the bonus, and the width of the beam, on validation data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..decoding.beam_decoder import BeamDecoder
from ..decoding.decoder import Decoder, decode_batches
from ..decoding.greedy import GREEDY
from ..ngrams.files import LanguageModel, Tuning
from ..text.alphabet import Alphabet
from ..text.metrics import cer, wer

WEIGHTS = (0.3, 0.5, 0.7, 0.9, 1.1)
BONUSES = (0.0, 0.5, 1.0, 1.5, 2.0)
WIDTHS = (6, 10, 16, 24)
FIRST_WIDTH = 10
ENOUGH = 1.005  # a smaller beam is chosen if its CER is at most this many times the best


@dataclass(frozen=True)
class Trial:
    """Scores of one choice of settings; None for greedy decoding."""

    tuning: Tuning | None
    cer: float
    wer: float


def tune(
    model: LanguageModel, batches: Sequence[np.ndarray], texts: Sequence[str], alphabet: Alphabet
) -> Iterator[Trial]:
    """Yield trials on batches of logits (N, T, C) whose lines have these texts; the last one is the choice.

    The first trial is greedy decoding.
    """

    def trial(tuning: Tuning | None) -> Trial:
        decoder: Decoder = GREEDY if tuning is None else BeamDecoder(model, tuning=tuning)
        read = [line.text(alphabet) for line in decode_batches(decoder, batches, alphabet)]
        return Trial(tuning, cer(list(texts), read), wer(list(texts), read))

    yield trial(None)
    trials: list[Trial] = []
    for tuning in _grid():
        trials.append(trial(tuning))
        yield trials[-1]
    best = min(trials, key=_by_cer).tuning
    assert best is not None
    wide = []
    for width in WIDTHS:
        wide.append(trial(Tuning(best.weight, best.bonus, width)))
        yield wide[-1]
    lowest = min(wide, key=_by_cer).cer
    yield next(found for found in wide if found.cer <= ENOUGH * lowest)


def _grid() -> Iterator[Tuning]:
    return (Tuning(weight, bonus, FIRST_WIDTH) for weight in WEIGHTS for bonus in BONUSES)


def _by_cer(trial: Trial) -> tuple[float, float]:
    return trial.cer, trial.wer
