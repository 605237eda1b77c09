"""Bodies of responses, as the OpenAPI document describes them. The names of fields are the keys of the JSON."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pydantic import BaseModel, Field

from ..errors import ImageError
from ..runtime.classifier import Classification
from ..runtime.line_checks import PictureWarning
from ..runtime.recognition import Recognition, TextAlternative
from .image_files import Outcome
from .served_models import ServedModel
from .server_settings import ServerSettings


class CharacterRead(BaseModel):
    """One character of a text."""

    text: str
    confidence: float = Field(description="0 to 1")
    left: float = Field(description="left edge, in pixels of the image that was sent")
    right: float = Field(description="right edge")


class ModelName(BaseModel):
    """Name and hash of the model that read."""

    name: str
    sha256: str = Field(description="hash of the bundle's bundle.json, which holds the hashes of its other files")


class TextProbability(BaseModel):
    """A text that an image, or a word in it, may show."""

    text: str
    probability: float = Field(description="0 to 1: its share of all texts that beam search considered")


class WordRead(BaseModel):
    """One word of a text."""

    text: str
    confidence: float = Field(description="0 to 1, as that of the whole text")
    left: float = Field(description="left edge, in pixels of the image that was sent")
    right: float = Field(description="right edge")
    alternatives: list[TextProbability] = Field(
        description="readings of the word, the one in the text first; none without `n_best`"
    )


class Reading(BaseModel):
    """Text read in one image."""

    text: str
    pred: str = Field(description="the same as `text`, for clients of older servers")
    confidence: float = Field(
        description="0 to 1: the probability that the whole text is right, if the model is calibrated, else the "
        "product of the characters' confidences; 0 for an empty text"
    )
    blank_probability: float = Field(description="0 to 1: probability that the image has no text")
    mean_character_confidence: float = Field(description="0 to 1: comparable between short and long texts")
    characters: list[CharacterRead]
    words: list[WordRead]
    warnings: list[PictureWarning] = Field(
        description="what the image may be instead of one upright line, which is what it was read as"
    )
    model: ModelName


class ReadingWithAlternatives(Reading):
    """Text read in one image, with what else it may be. The server or the request asks for it with `n_best`."""

    alternatives: list[TextProbability] = Field(description="the most probable texts, the one that was read first")


class CharacterProbability(BaseModel):
    """A character that an image may show."""

    text: str
    probability: float


class CharacterReading(Reading):
    """Single character read in one image, by a model of these."""

    top: list[CharacterProbability] = Field(description="the most probable characters, the one that was read first")
    real_probability: float | None = Field(
        description="0 to 1: probability that the image shows a character at all; null if the model cannot tell"
    )


class Failure(BaseModel):
    """Error of an image or a request that was not read."""

    error: str


class Readings(BaseModel):
    """Texts read in several images, in their order; a bad image has an error and does not affect the others."""

    results: list[CharacterReading | ReadingWithAlternatives | Reading | Failure]
    model: ModelName


class CorrectionSaved(BaseModel):
    """Confirmation that a correction was stored."""

    corrections: int = Field(description="number of corrections stored so far")


class ModelCard(ModelName):
    """Model that the server reads with."""

    task: str
    description: str
    alphabet: str
    default: bool
    alternatives: bool = Field(description="true if requests may ask for several texts, with n_best")


class ModelCards(BaseModel):
    """All models of the server, and the limits that the web page needs to know."""

    models: list[ModelCard]
    corrections: bool = Field(description="true if POST /v1/corrections stores corrections")
    most_images: int = Field(description="largest number of images in one request")
    most_body_bytes: int
    pages: bool = Field(description="true if POST /v1/read reads whole pages")
    most_pages: int = Field(description="largest number of pages in one request")
    most_pixels: int = Field(description="largest number of pixels of an image of a line")
    most_page_pixels: int


def model_name(model: ServedModel) -> ModelName:
    """Describe the model that read, for a response."""
    return ModelName(name=model.name, sha256=model.sha256)


def reading(outcome: Outcome, model: ServedModel) -> Reading | Failure:
    """Describe the outcome of one image, for a response."""
    if isinstance(outcome, ImageError):
        return Failure(error=str(outcome))
    characters = [
        CharacterRead(text=c.text, confidence=c.confidence, left=c.left, right=c.right) for c in outcome.characters
    ]
    read = Reading(
        text=outcome.text,
        pred=outcome.text,
        confidence=outcome.confidence,
        blank_probability=outcome.blank_probability,
        mean_character_confidence=outcome.mean_character_confidence,
        characters=characters,
        words=_words(outcome),
        warnings=list(outcome.warnings),
        model=model_name(model),
    )
    if outcome.alternatives:
        return ReadingWithAlternatives(**dict(read), alternatives=_weighted(outcome.alternatives))
    if not isinstance(outcome, Classification):
        return read
    top = [CharacterProbability(text=other.text, probability=other.probability) for other in outcome.top]
    return CharacterReading(**dict(read), top=top, real_probability=outcome.real_probability)


def _words(recognition: Recognition) -> list[WordRead]:
    groups = groupby(recognition.characters, key=lambda character: character.text.isspace())
    places = [[edge for c in own for edge in (c.left, c.right)] for is_space, own in groups if not is_space]
    return [
        WordRead(
            text=word.text,
            confidence=word.confidence,
            left=min(edges),
            right=max(edges),
            alternatives=_weighted(word.alternatives),
        )
        for word, edges in zip(recognition.words, places)
    ]


def _weighted(readings: Iterable[TextAlternative]) -> list[TextProbability]:
    return [TextProbability(text=each.text, probability=each.probability) for each in readings]


def model_cards(models: dict[str, ServedModel], settings: ServerSettings, reads_pages: bool) -> ModelCards:
    """List the models of the server; the first is the default."""
    default = next(iter(models))
    return ModelCards(
        models=[
            ModelCard(
                name=model.name,
                sha256=model.sha256,
                task=model.task,
                description=model.description,
                alphabet="".join(model.recognizer.alphabet.characters),
                default=model.name == default,
                alternatives=model.recognizer.finds_alternatives,
            )
            for model in models.values()
        ],
        corrections=settings.corrections is not None,
        most_images=settings.max_images,
        most_body_bytes=settings.max_body_bytes,
        pages=reads_pages,
        most_pages=settings.max_pages,
        most_pixels=settings.max_pixels,
        most_page_pixels=settings.max_page_pixels,
    )
