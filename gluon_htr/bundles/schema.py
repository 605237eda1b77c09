"""Schema 2 of `bundle.json`: everything about a model except its tensors. This file generates `bundle.schema.json`.

One part is common to all models; `model` is a union by task. A key that allows one value only names what this version
does: a bundle that needs something else is rejected instead of being read wrongly. A bundle with new keys names the
version that reads them in `requires`. `schema1.py` has the first schema, which stays readable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ..graphs.pair import SYMBOL
from ..images.preprocessing import Preprocessing
from ..text.alphabet import Alphabet
from ..text.calibration import Probabilities
from ..text.metrics import Figure
from ..text.normalization import NormalizationForm

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Text = Annotated[str, Meta(max_length=2000)]
Count = Annotated[int, Meta(ge=1)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]  # SHA-256
Normalization = Literal["nfc-single-spaces", "nfkc-single-spaces"]
Version = Annotated[str, Meta(pattern=r"^>=\d{1,4}(\.\d{1,4}){0,2}\Z")]
Task = Literal["lines", "words", "characters", "layout"]
Proportion = Annotated[float, Meta(ge=0, le=1)]
SingleCharacter = Annotated[str, Meta(min_length=1, max_length=1)]
Dimension = Annotated[int, Meta(ge=1)] | Annotated[str, Meta(max_length=64)]

NORMALIZATIONS: dict[NormalizationForm, Normalization] = {"NFC": "nfc-single-spaces", "NFKC": "nfkc-single-spaces"}
DOCUMENT = "bundle.json"
MODEL, INTEGER_MODEL = "model.onnx", "model.int8.onnx"
REMAINDER = "remainder.params"  # the parameters of the pair that model.onnx does not have
LICENSE, GOLDEN = "LICENSE.txt", "golden/expected.json"
REQUIRED = (MODEL, SYMBOL, REMAINDER, LICENSE, GOLDEN)
REQUIRES = ">=0.2"  # of the bundles that this version writes


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a bundle."""

    sha256: Digest
    bytes: Annotated[int, Meta(ge=0)]


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output of `model.onnx`; a word among the dimensions stands for any size."""

    name: Annotated[str, Meta(max_length=64)]
    type: Literal["float32"]
    shape: Annotated[list[Dimension], Meta(max_length=8)]


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """Conversion of a gray image, 0 = black ink, to the network's input."""

    #: Size and position, see `images/preprocessing.py`.
    fit: Preprocessing
    #: Padding around the image: the gray of its top left pixel, but at least 230.
    padding: Literal["top-left-pixel-at-least-230"] = "top-left-pixel-at-least-230"
    #: The network knows dark ink on light paper; light ink on dark is recognized and inverted.
    polarity: Literal["dark-ink-detected"] = "dark-ink-detected"
    #: Of the pixels, last: ink becomes 1, paper 0.
    scaling: Literal["(255-gray)/255"] = "(255-gray)/255"


class Card(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Scores of reading on one set of data, as `gluon-htr evaluate` measures them."""

    data: Text
    samples: Count
    groups: Count
    characters: Count
    cer: Figure
    wer: Figure
    exact_rate: Figure
    levenshtein_accuracy: Figure
    #: SHA-256 of the samples' ids and texts: equal for cards of the same samples.
    samples_sha256: Digest | None = None


class AccuracyCard(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Scores of classifying single characters on one set of data."""

    data: Text
    samples: Count
    groups: Count
    accuracy: Figure
    case_insensitive_accuracy: Figure
    samples_sha256: Digest | None = None


class DetectionCard(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Scores of finding lines on one set of pages: by polygons at an intersection over union of 0.5, by baselines."""

    data: Text
    pages: Count
    lines: Count
    precision: Proportion
    recall: Proportion
    f1: Proportion
    baseline_f1: Proportion
    samples_sha256: Digest | None = None


class _Reader(Struct, frozen=True, forbid_unknown_fields=True, tag_field="task"):
    """Common part of models of texts and of characters."""

    #: In the order of the network's outputs.
    alphabet: Annotated[list[SingleCharacter], Meta(min_length=1, max_length=50_000)]
    #: Of texts: Unicode NFC or NFKC, single spaces, none at the ends.
    normalization: Normalization
    preprocessing: Input
    #: Logits are divided by it before they become confidences; it never changes a text.
    temperature: Annotated[float, Meta(gt=0, le=100)]


class Calibration(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Probabilities that words and lines are right; without, confidences are what the decoder estimates."""

    #: Of texts that the network alone decides, by greedy decoding or by beam search.
    greedy: Probabilities | None = None
    #: Of texts in which a language had a say; fitted with the language models that ship, chosen by what is read.
    language: Probabilities | None = None
    #: Of beam search in bundles of versions before `language`, whose confidences were others. It is not used.
    beam: Probabilities | None = None

    @property
    def has_beam(self) -> bool:
        """True if the model was compared with both decoders when it was made."""
        return self.language is not None or self.beam is not None


class Lines(_Reader, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="lines"):
    """A model that reads lines. The blank follows the last character of the alphabet."""

    step_width: Count  # pixels of the network's input to a time step
    score_cards: Annotated[list[Card], Meta(max_length=100)] = []
    calibration: Calibration | None = None


class Words(_Reader, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="words"):
    """A model that reads single words. The blank follows the last character of the alphabet."""

    step_width: Count  # pixels of the network's input to a time step
    score_cards: Annotated[list[Card], Meta(max_length=100)] = []
    calibration: Calibration | None = None


class Characters(_Reader, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="characters"):
    """A model that classifies single characters."""

    #: Its logits l also tell whether a picture shows a character: with probability Z / (Z + 1), Z = Σ exp(l).
    tells_real: bool = False
    score_cards: Annotated[list[AccuracyCard], Meta(max_length=100)] = []


class Layout(Struct, frozen=True, forbid_unknown_fields=True, tag_field="task", tag="layout"):
    """A model that labels the pixels of pages."""

    channels: Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(min_length=1, max_length=64)]
    max_side: Count  # pixels: larger pages are scaled down to it
    multiple: Count  # pixels: sides are padded to multiples of it
    score_cards: Annotated[list[DetectionCard], Meta(max_length=100)] = []


class DataSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Training data of the model, and their terms."""

    data: Text
    terms: Text


class TrainingStage(Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of the training history, oldest first."""

    #: Images seen, repetitions counted.
    samples: Annotated[int, Meta(ge=0)]
    hours: Annotated[float, Meta(ge=0, le=1e6)]
    engine: Text
    machine: Text


class Description(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole of `bundle.json`."""

    schema_version: Literal[2]
    #: Versions of gluon_htr that can read it.
    requires: Version
    name: Name
    description: Text
    #: Version of gluon_htr that wrote it.
    writer: Annotated[str, Meta(max_length=64)]
    model: Lines | Words | Characters | Layout
    inputs: Annotated[list[Tensor], Meta(min_length=1, max_length=1)]
    outputs: Annotated[list[Tensor], Meta(min_length=1, max_length=1)]
    #: How weights are stored; they are widened to float32 when loaded.
    weights: Literal["float32", "float16"]
    #: The preset's `[network]` table, if there is one; fine-tuning compares it.
    network: dict[str, Any] | None
    training_data: Annotated[list[DataSource], Meta(max_length=1000)]
    #: All files but this one.
    files: Annotated[dict[str, File], Meta(max_length=64)]
    #: Training history, oldest first.
    stints: Annotated[list[TrainingStage], Meta(max_length=1000)] = []
    #: Known limitations.
    limitations: Text = ""

    @property
    def task(self) -> Task:
        """The task of the model."""
        return self.model.__struct_config__.tag  # type: ignore[return-value]

    @property
    def terms(self) -> list[str]:
        """Terms of all training data."""
        return [source.terms for source in self.training_data]


def alphabet_of(model: Lines | Words | Characters) -> Alphabet:
    """Build the alphabet of a reader. Raises `AlphabetError` for invalid characters."""
    form = next(form for form, name in NORMALIZATIONS.items() if name == model.normalization)
    return Alphabet(model.alphabet, form)


class Golden(Struct, frozen=True, forbid_unknown_fields=True):
    """An image and the text that the model reads in it: an entry of `golden/expected.json`."""

    file: Annotated[str, Meta(pattern=r"^golden/[a-z0-9_-]+\.png\Z")]
    text: Text
    confidence: Annotated[float, Meta(ge=0, le=1.0001)]


def json_schema() -> bytes:
    """Generate `bundle.schema.json` (JSON Schema, draft 2020-12)."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Description)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"


if __name__ == "__main__":
    (Path(__file__).parent / "bundle.schema.json").write_bytes(json_schema())
