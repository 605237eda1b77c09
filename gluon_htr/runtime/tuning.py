"""Choice of the weight of a language model, the bonus, and the width of the beam, on validation data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np

from ..decoding.beam_decoder import BeamDecoder
from ..decoding.decoder import Decoder, decode_batches
from ..decoding.greedy import GREEDY
from ..ngrams.files import LanguageModel, Tuning
from ..text.alphabet import Alphabet
from ..text.metrics import cer, wer

WEIGHTS = (0.3, 0.5, 0.7, 0.9, 1.1)
BONUSES = (0.0, 0.5, 1.0, 1.5, 2.0)
WIDTHS = (6, 12, 16, 24)
FIRST_WIDTH, FIRST_LINES, FINALISTS = 12, 300, 8
TRIALS = 1 + len(WEIGHTS) * len(BONUSES) + FINALISTS + len(WIDTHS) + 1
TIE = 1.01  # errors that differ less are equal; of equal choices, the one that trusts the network least is taken
ENOUGH = 1.005  # a smaller beam is chosen if its errors are at most this many times the fewest


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

    The first trial is greedy decoding. All weights and bonuses are tried on a part of the lines, the best of them on
    all lines, and then widths.
    """
    lines = [line[None] for batch in batches for line in batch]

    def trial(tuning: Tuning | None, step: int = 1) -> Trial:
        decoder: Decoder = GREEDY if tuning is None else BeamDecoder(model, tuning=tuning)
        read = [line.text(alphabet) for line in decode_batches(decoder, lines[::step], alphabet)]
        return Trial(tuning, cer(list(texts[::step]), read), wer(list(texts[::step]), read))

    yield trial(None)
    first: list[Trial] = []
    for weight, bonus in product(WEIGHTS, BONUSES):
        first.append(trial(Tuning(weight, bonus, FIRST_WIDTH), 1 + len(lines) // FIRST_LINES))
        yield first[-1]
    second: list[Trial] = []
    for found in sorted(first, key=_errors)[:FINALISTS]:
        second.append(trial(found.tuning))
        yield second[-1]
    fewest = min(map(_errors, second))
    tied = [found.tuning for found in second if found.tuning and _errors(found) <= TIE * fewest]
    best = max(tied, key=lambda tuning: tuning.weight)
    wide: list[Trial] = []
    for width in WIDTHS:
        wide.append(trial(Tuning(best.weight, best.bonus, width)))
        yield wide[-1]
    lowest = min(map(_errors, wide))
    yield next(found for found in wide if _errors(found) <= ENOUGH * lowest)


def _errors(trial: Trial) -> float:
    """Return the geometric mean of CER and WER: what lowers either by a percent counts the same."""
    return sqrt(trial.cer * trial.wer)
