"""Classification of images of single characters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..images.decoding import decode
from ..images.preprocessing import Placement, fit
from .picture import Picture
from .recognition import Character, Recognition, TextAlternative, WordConfidence
from .recognizer import Fitted, Recognizer

TOP = 5  # characters of a classification, the most probable first


@dataclass(frozen=True)
class Classification(Recognition):
    """A recognized character. `text`, `confidence` and `characters` are as of a text of one character, or of an empty
    text for an image without contrast.

    Attributes:
        top: The most probable characters with their probabilities, the recognized one first.
        real_probability: Probability that the image shows a character at all; None if the model does not know.
    """

    top: tuple[TextAlternative, ...] = ()
    real_probability: float | None = None


class Classifier(Recognizer):
    """A trained network that reads single characters: a recognizer whose texts are one character each.

    The network is a function from images (N, H, W) uint8 to logits (N, C); there is no blank. tells_real: whether they
    also tell characters from other pictures (Salimans et al. 2016).
    """

    finds_alternatives = False  # its `top` has the most probable characters
    tells_real = False

    def copy(self) -> Classifier:
        """Return another classifier with the same network and settings."""
        other = super().copy()
        assert isinstance(other, Classifier)
        other.tells_real = self.tells_real
        return other

    __copy__ = copy

    def _fit(self, picture: Picture, whole: bool = False, warns: bool = False) -> Fitted:
        gray = decode(picture.source, picture.frame)
        height, width = gray.shape
        return Fitted(picture, fit(gray, self.preprocessing), Placement(height, width, 0, 0, width), 0, width)

    def _fits(self, shape: tuple[int, ...], images: int) -> bool:
        return shape == (images, len(self.alphabet))

    def _decode(self, fitted: list[Fitted], batches: list[np.ndarray]) -> list[Recognition]:
        logits = np.concatenate(batches)
        probabilities = softmax(logits / np.float32(self.temperature))
        reals = real_probability(logits).tolist() if self.tells_real else [None] * len(logits)
        return [self._classified(row, real, one) for row, real, one in zip(probabilities, reals, fitted)]

    def _classified(self, probabilities: np.ndarray, real: float | None, fitted: Fitted) -> Classification:
        if fitted.pixels.min() == 255:  # without contrast there is no character
            return Classification("", 0.0, (), blank_probability=1.0, real_probability=None if real is None else 0.0)
        best = np.argsort(-probabilities, kind="stable")[:TOP].tolist()
        top = tuple(TextAlternative(self.alphabet.characters[k], float(probabilities[k])) for k in best)
        text, sure = top[0].text, top[0].probability
        character = Character(text, sure, 0.0, float(fitted.width))
        found = Classification(
            text, sure, (character,), words=(WordConfidence(text, sure),), top=top, real_probability=real
        )
        if isinstance(fitted.picture.source, (str, Path)):  # pixels of a stream are not kept
            object.__setattr__(found, "_picture", fitted.picture)
        return found


def real_probability(logits: np.ndarray) -> np.ndarray:
    """Compute Z / (Z + 1), Z = Σ exp(l), of logits (N, C): (N,) float64, the probability that a picture is real."""
    log_sum = np.logaddexp.reduce(logits.astype(np.float64), axis=1)
    return np.exp(-np.logaddexp(0.0, -log_sum))  # type: ignore[no-any-return]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Compute probabilities of logits (..., C): (..., C) float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]
