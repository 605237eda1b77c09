"""What a reader gives: texts, and their words, characters and confidences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .line_checks import PictureWarning
from .picture import Picture, to_html


@dataclass(frozen=True)
class Character:
    """A recognized character. left, right: pixels of the input image. confidence: in 0..1."""

    text: str
    confidence: float
    left: float
    right: float


@dataclass(frozen=True)
class TextAlternative:
    """A possible text of a line or a word, and its probability among all that the decoder considered."""

    text: str
    probability: float


@dataclass(frozen=True)
class WordConfidence:
    """A recognized word: characters without white space between them. confidence: in 0..1.

    alternatives: what the texts that the decoder considered have in its place, this word first, if it was asked for
    several texts.
    """

    text: str
    confidence: float
    alternatives: tuple[TextAlternative, ...] = ()


@dataclass(frozen=True)
class Recognition:
    """A recognized text.

    Attributes:
        text: The text in logical order, in NFC or the normalization of the model.
        confidence: Probability that the whole text is right, in 0..1, if the bundle is calibrated, else the product of
            the confidences of its characters; 0 for an empty text.
        characters: Characters with their confidences and positions in the image.
        alternatives: The most probable texts, this one first, if the decoder was asked for them.
        blank_probability: Probability that the image has no text.
        words: Words with their confidences: probabilities or products, as that of the text.
        warnings: What the picture may be instead of one upright line: `several-lines`, `page`, `upside-down`,
            `sideways`.

    A notebook shows it as its picture with the characters below.

    Example:
        >>> import gluon_htr
        >>> result = gluon_htr.load("digits").read("examples/number.png")
        >>> result.text, len(result.characters)
        ('958321704081994', 15)
    """

    text: str
    confidence: float
    characters: tuple[Character, ...]
    alternatives: tuple[TextAlternative, ...] = ()
    blank_probability: float = 0.0
    words: tuple[WordConfidence, ...] = ()
    warnings: tuple[PictureWarning, ...] = ()
    _picture: ClassVar[Picture | None] = None  # of an instance, for notebooks; not a field, so not part of its value

    @property
    def mean_character_confidence(self) -> float:
        """Arithmetic mean of the confidences of the characters, in 0..1, whatever the length; 0 without any."""
        return mean([character.confidence for character in self.characters])

    def _repr_html_(self) -> str:
        return to_html(self.text, self.confidence, self.characters, self._picture)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_picture"}  # the text, not the pixels


def mean(confidences: Sequence[float]) -> float:
    """Return the arithmetic mean of confidences; 0 without any."""
    return sum(confidences) / len(confidences) if confidences else 0.0
