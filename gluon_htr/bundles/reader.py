"""Opening of a bundle: sizes and hashes are checked first, then the schema, then the graph. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from .. import __version__
from .._json import decode_json
from ..errors import AlphabetError, BundleError, GraphError
from ..graphs.onnx.cost import check_cost
from ..graphs.onnx.initializers import initializers
from ..graphs.onnx.inspection import INTEGER_OPERATORS, OPERATORS, check_graph
from ..graphs.onnx.restoring import restore
from ..graphs.pair import PARAMETERS, SYMBOL, Pair
from ..graphs.params import parse_parameters
from ..graphs.symbol import parse_graph
from ..text.alphabet import Alphabet
from .contents import check_name, read_contents
from .schema import (
    DOCUMENT,
    GOLDEN,
    INTEGER_MODEL,
    MODEL,
    REMAINDER,
    REQUIRED,
    Characters,
    Description,
    File,
    Golden,
    Layout,
    Lines,
    Words,
    alphabet_of,
)
from .schema1 import REQUIRED_1, Description1

T = TypeVar("T")
_DOCUMENT_BYTES = 4 << 20


class _Manifest(msgspec.Struct):
    """The part of `bundle.json` that is read before the rest, whatever the schema."""

    files: dict[str, File]
    schema_version: int
    requires: str = ""


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. files: name to content, all of them."""

    path: Path
    description: Description
    files: dict[str, bytes]

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.description.name

    @property
    def reader(self) -> Lines | Words:
        """The description of a model that reads text. Raises `BundleError` for other models."""
        model = self.description.model
        if isinstance(model, Characters):
            raise BundleError(f"{self.name} reads single characters: use a line or word model")
        if not isinstance(model, Lines | Words):
            raise BundleError(
                f"{self.name} is a {self.description.task} model, not a recognizer: use a line or word model"
            )
        return model

    @property
    def image_reader(self) -> Lines | Words | Characters:
        """The description of a model that reads text or single characters. Raises `BundleError` for other models."""
        model = self.description.model
        return model if isinstance(model, Characters) else self.reader

    @property
    def layout(self) -> Layout:
        """The description of a model that finds lines. Raises `BundleError` for other models."""
        model = self.description.model
        if not isinstance(model, Layout):
            raise BundleError(f"{self.name} reads {self.description.task}: here a model that finds lines is needed")
        return model

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet of a model that reads text or characters. Raises `BundleError` for other models."""
        return alphabet_of(self.image_reader)

    @property
    def model(self) -> bytes:
        """The ONNX graph."""
        return self.files[MODEL]

    @property
    def pair(self) -> Pair:
        """The exported pair, weights as they are stored. Raises `GraphError` or `ParametersError` if it is damaged."""
        symbol = self.files[SYMBOL].decode("utf-8", "replace")
        if PARAMETERS in self.files:
            return Pair(symbol, parse_parameters(self.files[PARAMETERS], where=f"{self.path}: {PARAMETERS}"))
        kept = parse_parameters(self.files[REMAINDER], where=f"{self.path}: {REMAINDER}")
        return Pair(symbol, restore(parse_graph(symbol, f"{self.path}: {SYMBOL}"), initializers(self.model), kept))

    @property
    def trainable_pair(self) -> Pair:
        """The exported pair with all weights in float32. Raises as `pair` does."""
        pair = self.pair
        return Pair(pair.symbol, {name: np.asarray(array, np.float32) for name, array in pair.parameters.items()})

    @property
    def golden(self) -> list[Golden]:
        """Images with the texts that every copy of this model must read in them."""
        return _decode(self.files[GOLDEN], list[Golden], f"{self.path}: {GOLDEN}")


def read_bundle(path: Path) -> Bundle:
    """Open and check a bundle. Raises `BundleError`, which names the fault."""
    files = read_contents(path)
    document = _document(path, files)
    manifest = _manifest(path, document)
    _check_files(path, manifest, files)
    bundle = Bundle(path, _description(path, document, manifest), files)
    _check_meaning(bundle)
    return bundle


def read_description(path: Path) -> Description:
    """Read `bundle.json` alone, for lists of bundles; the other files are not checked."""
    document = _document(path, read_contents(path, only=DOCUMENT))
    return _description(path, document, _manifest(path, document))


def _document(path: Path, files: dict[str, bytes]) -> bytes:
    if DOCUMENT not in files:
        raise BundleError(f"{path} is not a bundle: it has no {DOCUMENT}")
    if len(files[DOCUMENT]) > _DOCUMENT_BYTES:
        raise BundleError(f"{path}: {DOCUMENT} has {len(files[DOCUMENT]):,} bytes, more than any description")
    return files[DOCUMENT]


def _manifest(path: Path, document: bytes) -> _Manifest:
    """Decode the part that tells whether this version can read the rest. Raises `BundleError` if it cannot."""
    manifest = _decode(document, _Manifest, f"{path}: {DOCUMENT}")
    if manifest.schema_version > 2 or needs_newer(manifest.requires):
        needs = f"gluon_htr {manifest.requires}" if manifest.requires else f"schema version {manifest.schema_version}"
        raise BundleError(f"{path} needs {needs}, and this is gluon_htr {__version__}: update gluon_htr")
    return manifest


def needs_newer(requires: str) -> bool:
    """Test whether `>=X.Y.Z` is beyond this version. Other forms are left to the schema."""
    match = re.fullmatch(r">=(\d{1,4}(?:\.\d{1,4}){0,2})", requires)
    if match is None:
        return False
    ours = [int(number) for number in re.findall(r"\d+", __version__)[:3]]
    return [int(number) for number in match[1].split(".")] > ours


def _check_files(path: Path, manifest: _Manifest, files: dict[str, bytes]) -> None:
    listed = manifest.files
    for name in listed:
        check_name(path, name)
    required = REQUIRED_1 if manifest.schema_version == 1 else REQUIRED
    if missing := sorted((set(required) | set(listed)) - set(files)):
        raise BundleError(f"{path} lacks {', '.join(missing)}: get it again from where it came from")
    if extra := sorted(set(files) - set(listed) - {DOCUMENT}):
        raise BundleError(f"{path} has files that {DOCUMENT} does not list: {', '.join(extra)}")
    for name, expected in listed.items():
        if len(files[name]) != expected.bytes:
            raise BundleError(
                f"{path}: {name} has {len(files[name])} bytes, not {expected.bytes}: it was altered or cut"
            )
        if hashlib.sha256(files[name]).hexdigest() != expected.sha256:
            raise BundleError(f"{path}: {name} was altered: its SHA-256 is not the one in {DOCUMENT}")


def _description(path: Path, document: bytes, manifest: _Manifest) -> Description:
    where = f"{path}: {DOCUMENT}"
    if manifest.schema_version == 1:
        description = _decode(document, Description1, where).upgraded()
    else:
        description = _decode(document, Description, where)
    try:
        if not isinstance(description.model, Layout):
            alphabet_of(description.model)
    except AlphabetError as error:
        raise BundleError(f"{where}: {error}") from None
    return description


def _check_meaning(bundle: Bundle) -> None:
    """Check operators, inputs, outputs and costs of the graphs, and that golden images exist."""
    tensors = [tensor.name for tensor in (*bundle.description.inputs, *bundle.description.outputs)]
    for name, operators in ((MODEL, OPERATORS), (INTEGER_MODEL, INTEGER_OPERATORS)):
        if name in bundle.files:
            try:
                graph = check_graph(bundle.files[name], operators)
                check_cost(bundle.files[name], _largest_inputs(bundle.description))
            except GraphError as error:
                raise BundleError(f"{bundle.path}: {name}: {error}") from None
            if [*graph.inputs, *graph.outputs] != tensors:
                raise BundleError(f"{bundle.path}: {name} has other inputs or outputs than {DOCUMENT} says")
    if absent := [golden.file for golden in bundle.golden if golden.file not in bundle.files]:
        raise BundleError(f"{bundle.path}: {GOLDEN} names {absent[0]}, which is not there")


def _largest_inputs(about: Description) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the inputs for one image, as wide and high as preprocessing makes any."""
    model = about.model
    if isinstance(model, Layout):
        height = width = model.max_side
    else:
        height, width = model.preprocessing.fit.height, model.preprocessing.fit.width
    largest = (1, 1, height, width)
    shapes = {}
    for tensor in about.inputs:
        free = largest if len(tensor.shape) == len(largest) else (1,) * len(tensor.shape)
        sides = (side if isinstance(side, int) else most for side, most in zip(tensor.shape, free))
        shapes[tensor.name] = tuple(sides)
    return shapes


def _decode(content: bytes, kind: type[T], where: str) -> T:
    return decode_json(content, kind, f"{where} is not valid", BundleError)
