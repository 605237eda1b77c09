"""What is answered, as the OpenAPI document describes it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ..errors import ImageError
from .image_files import Outcome
from .served_models import ServedModel
from .server_settings import ServerSettings


class CharacterRead(BaseModel):
    """One character of a text."""

    text: str
    confidence: float = Field(description="0 to 1")
    left: float = Field(description="where it begins, in pixels of the image that was sent")
    right: float = Field(description="where it ends")


class ModelName(BaseModel):
    """Which model has read."""

    name: str
    sha256: str = Field(description="of the bundle's bundle.json, which holds the hashes of all its files")


class Reading(BaseModel):
    """What was read in one image."""

    text: str
    pred: str = Field(description="the same as `text`, for clients of older servers")
    confidence: float = Field(description="0 to 1: the product of the characters' confidences")
    characters: list[CharacterRead]
    model: ModelName


class Failure(BaseModel):
    """Why nothing was read."""

    error: str


class Readings(BaseModel):
    """What was read in several images, in their order; a bad image does not keep the others from being read."""

    results: list[Reading | Failure]
    model: ModelName


class CorrectionSaved(BaseModel):
    """A correction was kept."""

    corrections: int = Field(description="how many there are now")


class ModelCard(ModelName):
    """A model that is served."""

    task: str
    description: str
    alphabet: str
    default: bool


class ModelCards(BaseModel):
    """All of them, and what else the page has to know of the server."""

    models: list[ModelCard]
    corrections: bool = Field(description="whether POST /v1/corrections keeps corrections")
    most_images: int = Field(description="that one request may bring")
    most_body_bytes: int


def name_of(model: ServedModel) -> ModelName:
    """The part of an answer that says which model has read."""
    return ModelName(name=model.name, sha256=model.sha256)


def answer(outcome: Outcome, model: ServedModel) -> Reading | Failure:
    """One image's part of an answer."""
    if isinstance(outcome, ImageError):
        return Failure(error=str(outcome))
    characters = [
        CharacterRead(text=c.text, confidence=c.confidence, left=c.left, right=c.right) for c in outcome.characters
    ]
    return Reading(
        text=outcome.text,
        pred=outcome.text,
        confidence=outcome.confidence,
        characters=characters,
        model=name_of(model),
    )


def cards(models: dict[str, ServedModel], settings: ServerSettings) -> ModelCards:
    """The list of models; the first is the default."""
    first = next(iter(models))
    return ModelCards(
        models=[
            ModelCard(
                name=model.name,
                sha256=model.sha256,
                task=model.task,
                description=model.description,
                alphabet="".join(model.recognizer.alphabet.characters),
                default=model.name == first,
            )
            for model in models.values()
        ],
        corrections=settings.corrections is not None,
        most_images=settings.max_images,
        most_body_bytes=settings.max_body_bytes,
    )
