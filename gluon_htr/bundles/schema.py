"""What `bundle.json` says: everything about a model that is not a tensor. `bundle.schema.json` is made from this file.

Where a key allows one value only, it names what this version does; a bundle that needs something else is refused
instead of being read wrongly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ..images.preprocessing import Preprocessing
from ..text.alphabet import Alphabet
from ..text.metrics import Figure
from ..text.normalization import Form

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Text = Annotated[str, Meta(max_length=2000)]
Count = Annotated[int, Meta(ge=1)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]  # SHA-256
Normalization = Literal["nfc-single-spaces", "nfkc-single-spaces"]
Task = Literal["lines", "words", "characters", "layout"]
Character = Annotated[str, Meta(min_length=1, max_length=1)]
Dimension = Annotated[int, Meta(ge=1)] | Annotated[str, Meta(max_length=64)]

NORMALIZATIONS: dict[Form, Normalization] = {"NFC": "nfc-single-spaces", "NFKC": "nfkc-single-spaces"}
DOCUMENT = "bundle.json"
MODEL, INTEGER_MODEL = "model.onnx", "model.int8.onnx"
SYMBOL, PARAMETERS = "symbol.json", "model.params"
LICENSE, GOLDEN = "LICENSE.txt", "golden/expected.json"
REQUIRED = (MODEL, SYMBOL, PARAMETERS, LICENSE, GOLDEN)


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
    """From a gray image, 0 = black ink, to what the network takes."""

    #: Size and position, see `images/preprocessing.py`.
    fit: Preprocessing
    #: What surrounds the image: the gray of its top left pixel, but at least 230.
    padding: Literal["top-left-pixel-at-least-230"] = "top-left-pixel-at-least-230"
    #: The network knows dark ink on light paper; light ink on dark is recognized and inverted.
    polarity: Literal["dark-ink-detected"] = "dark-ink-detected"
    #: Of the pixels, last: ink becomes 1, paper 0.
    scaling: Literal["(255-gray)/255"] = "(255-gray)/255"


class Card(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Scores on one set of data, as `gluon_htr.evaluate` measures them."""

    data: Text
    samples: Count
    groups: Count
    characters: Count
    cer: Figure
    wer: Figure
    exact_rate: Figure
    levenshtein_accuracy: Figure
    #: SHA-256 of the samples' ids and texts, which says whether two cards are of the same samples.
    samples_sha256: Digest | None = None


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Data that the model was trained on, and their terms."""

    data: Text
    terms: Text


class Stint(Struct, frozen=True, forbid_unknown_fields=True):
    """A training, out of those that led to the weights one after the other."""

    #: Images that it saw, repetitions counted.
    samples: Annotated[int, Meta(ge=0)]
    hours: Annotated[float, Meta(ge=0, le=1e6)]
    engine: Text
    machine: Text


class Description(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole of `bundle.json`."""

    schema_version: Literal[1]
    name: Name
    description: Text
    #: Version of gluon_htr that wrote it.
    writer: Annotated[str, Meta(max_length=64)]
    task: Task
    #: In the order of the network's outputs; the blank follows the last.
    alphabet: Annotated[list[Character], Meta(min_length=1, max_length=50_000)]
    #: Of texts: Unicode NFC or NFKC, single spaces, none at the ends.
    normalization: Normalization
    preprocessing: Input
    #: Pixels of the network's input to a time step.
    step_width: Count
    inputs: Annotated[list[Tensor], Meta(min_length=1, max_length=1)]
    outputs: Annotated[list[Tensor], Meta(min_length=1, max_length=1)]
    #: Logits are divided by it before they become confidences; it never changes a text.
    temperature: Annotated[float, Meta(gt=0, le=100)]
    #: How `model.onnx` and `model.params` store weights; they are widened to float32 when loaded.
    weights: Literal["float32", "float16"]
    #: The preset's `[network]` table, where the network came from one: what fine-tuning compares.
    network: dict[str, Any] | None
    score_cards: Annotated[list[Card], Meta(max_length=100)]
    training_data: Annotated[list[Source], Meta(max_length=1000)]
    #: All files but this one.
    files: Annotated[dict[str, File], Meta(max_length=64)]
    #: The first one first.
    stints: Annotated[list[Stint], Meta(max_length=1000)] = []
    #: What it is known to read badly.
    limitations: Text = ""


def alphabet_of(about: Description) -> Alphabet:
    """Raises `AlphabetError` for characters that make none."""
    form = next(form for form, name in NORMALIZATIONS.items() if name == about.normalization)
    return Alphabet(about.alphabet, form)


class Golden(Struct, frozen=True, forbid_unknown_fields=True):
    """An image and what the model reads in it, an entry of `golden/expected.json`."""

    file: Annotated[str, Meta(pattern=r"^golden/[a-z0-9_-]+\.png\Z")]
    text: Text
    confidence: Annotated[float, Meta(ge=0, le=1.0001)]


def json_schema() -> bytes:
    """The content of `bundle.schema.json` (JSON Schema, draft 2020-12)."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Description)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"


if __name__ == "__main__":
    (Path(__file__).parent / "bundle.schema.json").write_bytes(json_schema())
