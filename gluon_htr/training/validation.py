"""Validation of a network in training: one number that should fall, and figures for the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..datasets.store import Store
from ..runtime.stores import classify_store, read_store
from ..text.alphabet import Alphabet
from ..text.classification import ClassificationCard, classify
from ..text.comparison import edits
from ..text.metrics import ScoreCard, score
from .team import ALONE, Team

Predict = Callable[[np.ndarray], np.ndarray]  # images (N, H, W) uint8 → logits


@dataclass(frozen=True)
class Examination:
    """Result of a validation.

    error: the figure that should fall. errors: number of errors in each sample, for the paired bootstrap. figures: of
    the log. summary: the same for people. is_blank: the network finds nothing at all.
    """

    error: float
    errors: list[int]
    figures: dict[str, float]
    summary: str
    is_blank: bool


class Validation(Protocol):
    """Data on which a network is scored."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def examine(self, predict: Predict) -> Examination:
        """Score a network."""


class _SharedValidation:
    """Samples of which each process of a team reads its part."""

    def __init__(self, store: Store, alphabet: Alphabet, team: Team = ALONE) -> None:
        self.store, self.alphabet, self._team = store, alphabet, team
        own = range(team.rank, len(store), team.size)
        self._own = store if team.size == 1 else store.select(own)

    def __len__(self) -> int:
        return len(self.store)


@dataclass(frozen=True)
class TextExamination(Examination):
    """Result of reading texts."""

    card: ScoreCard
    texts: list[str] = field(default_factory=list)


class TextValidation(_SharedValidation):
    """Lines or words with their texts."""

    def examine(self, predict: Predict) -> TextExamination:
        """Read all samples, each process of the team its part; the error is the CER."""
        texts = self._team.shared(read_store(predict, self._own, self.alphabet))
        card = score(self.store.texts, texts, self.store.groups)
        cer, wer, accuracy = card.cer.value, card.wer.value, card.levenshtein_accuracy.value
        return TextExamination(
            error=cer,
            errors=edits(self.store.texts, texts),
            figures={"cer": cer, "wer": wer, "accuracy": accuracy},
            summary=f"validation CER {cer:.2%}, WER {wer:.2%}, Levenshtein accuracy {accuracy:.4f}",
            is_blank=not any(texts),
            card=card,
            texts=texts,
        )


@dataclass(frozen=True)
class CharacterExamination(Examination):
    """Result of classifying single characters."""

    card: ClassificationCard
    texts: list[str] = field(default_factory=list)


class CharacterValidation(_SharedValidation):
    """Single characters with their classes."""

    def examine(self, predict: Predict) -> CharacterExamination:
        """Classify all samples, each process of the team its part; the error is the proportion of wrong ones."""
        texts = self._team.shared(classify_store(predict, self._own, self.alphabet))
        card = classify(self.store.texts, texts, self.store.groups)
        accuracy, folded = card.accuracy.value, card.case_insensitive_accuracy.value
        return CharacterExamination(
            error=1 - accuracy,
            errors=[int(truth != text) for truth, text in zip(self.store.texts, texts)],
            figures={"error_rate": 1 - accuracy, "case_insensitive_error_rate": 1 - folded},
            summary=f"validation accuracy {accuracy:.2%}, without case {folded:.2%}",
            is_blank=False,
            card=card,
            texts=texts,
        )
