"""Schema 1 of `bundle.json`, which gluon_htr 0.1 wrote: always readable, never written.

Every model was a recognizer, and the pair's weights were stored a second time, in `model.params`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ..graphs.pair import PARAMETERS, SYMBOL
from .schema import (
    GOLDEN,
    LICENSE,
    MODEL,
    REQUIRES,
    Card,
    Count,
    DataSource,
    Description,
    File,
    Input,
    Lines,
    Name,
    Normalization,
    SingleCharacter,
    Tensor,
    Text,
    TrainingStage,
    Words,
)

REQUIRED_1 = (MODEL, SYMBOL, PARAMETERS, LICENSE, GOLDEN)


class Description1(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `bundle.json`."""

    schema_version: Literal[1]
    name: Name
    description: Text
    writer: Annotated[str, Meta(max_length=64)]
    task: Literal["lines", "words"]
    alphabet: Annotated[list[SingleCharacter], Meta(min_length=1, max_length=50_000)]
    normalization: Normalization
    preprocessing: Input
    step_width: Count
    inputs: Annotated[list[Tensor], Meta(min_length=1, max_length=1)]
    outputs: Annotated[list[Tensor], Meta(min_length=1, max_length=1)]
    temperature: Annotated[float, Meta(gt=0, le=100)]
    weights: Literal["float32", "float16"]
    network: dict[str, Any] | None
    score_cards: Annotated[list[Card], Meta(max_length=100)]
    training_data: Annotated[list[DataSource], Meta(max_length=1000)]
    files: Annotated[dict[str, File], Meta(max_length=64)]
    stints: Annotated[list[TrainingStage], Meta(max_length=1000)] = []
    limitations: Text = ""

    def upgraded(self) -> Description:
        """Convert to the current schema."""
        kind = Words if self.task == "words" else Lines
        model = kind(
            self.alphabet,
            self.normalization,
            self.preprocessing,
            self.temperature,
            self.step_width,
            self.score_cards,
        )
        return Description(
            schema_version=2,
            requires=REQUIRES,
            name=self.name,
            description=self.description,
            writer=self.writer,
            model=model,
            inputs=self.inputs,
            outputs=self.outputs,
            weights=self.weights,
            network=self.network,
            training_data=self.training_data,
            files=self.files,
            stints=self.stints,
            limitations=self.limitations,
        )
