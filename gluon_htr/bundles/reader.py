"""Opening a bundle: sizes and hashes first, then the schema, then the graph. Nothing in it is believed or unpickled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from ..errors import AlphabetError, BundleError, GraphError
from ..graphs.onnx.inspection import INTEGER_OPERATORS, OPERATORS, check_graph
from ..graphs.params import parse_parameters
from ..text.alphabet import Alphabet
from .contents import check_name, read_contents
from .schema import (
    DOCUMENT,
    GOLDEN,
    INTEGER_MODEL,
    MODEL,
    PARAMETERS,
    REQUIRED,
    SYMBOL,
    Description,
    File,
    Golden,
    alphabet_of,
)

T = TypeVar("T")
_DOCUMENT_BYTES = 4 << 20


class _Manifest(msgspec.Struct):
    """The part of `bundle.json` that is needed before the rest of it is looked at."""

    files: dict[str, File]


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. files: name to content, all of them."""

    path: Path
    description: Description
    files: dict[str, bytes]

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def alphabet(self) -> Alphabet:
        return alphabet_of(self.description)

    @property
    def model(self) -> bytes:
        """The ONNX graph."""
        return self.files[MODEL]

    @property
    def symbol(self) -> str:
        """The pair's graph, for MXNet and torch."""
        return self.files[SYMBOL].decode("utf-8", "replace")

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The pair's arrays, float32. Raises `ParametersError` when they are damaged."""
        arrays = parse_parameters(self.files[PARAMETERS], where=f"{self.path}: {PARAMETERS}")
        return {name: np.asarray(array, np.float32) for name, array in arrays.items()}

    @property
    def golden(self) -> list[Golden]:
        """The images that every copy of this model must read alike."""
        return _decode(self.files[GOLDEN], list[Golden], f"{self.path}: {GOLDEN}")


def read_bundle(path: Path) -> Bundle:
    """Opens and checks a bundle. Raises `BundleError`, which names what is wrong."""
    files = read_contents(path)
    document = _document(path, files)
    _check_files(path, _decode(document, _Manifest, f"{path}: {DOCUMENT}").files, files)
    bundle = Bundle(path, _description(path, document), files)
    _check_meaning(bundle)
    return bundle


def read_description(path: Path) -> Description:
    """`bundle.json` alone, for lists of bundles; the other files are not looked at."""
    return _description(path, _document(path, read_contents(path, only=DOCUMENT)))


def _document(path: Path, files: dict[str, bytes]) -> bytes:
    if DOCUMENT not in files:
        raise BundleError(f"{path} is no bundle: it has no {DOCUMENT}")
    if len(files[DOCUMENT]) > _DOCUMENT_BYTES:
        raise BundleError(f"{path}: {DOCUMENT} has {len(files[DOCUMENT]):,} bytes: too many for what it says")
    return files[DOCUMENT]


def _check_files(path: Path, listed: dict[str, File], files: dict[str, bytes]) -> None:
    for name in listed:
        check_name(path, name)
    if missing := sorted((set(REQUIRED) | set(listed)) - set(files)):
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


def _description(path: Path, document: bytes) -> Description:
    version = _decode(document, dict, f"{path}: {DOCUMENT}").get("schema_version")
    if isinstance(version, int) and version > 1:
        raise BundleError(f"{path} is of schema version {version}, this gluon_htr reads 1: update gluon_htr")
    description = _decode(document, Description, f"{path}: {DOCUMENT}")
    try:
        alphabet_of(description)
    except AlphabetError as error:
        raise BundleError(f"{path}: {DOCUMENT}: {error}") from None
    return description


def _check_meaning(bundle: Bundle) -> None:
    """The graphs are of allowed operators and have the promised input and output; golden images are there."""
    tensors = [tensor.name for tensor in (*bundle.description.inputs, *bundle.description.outputs)]
    for name, operators in ((MODEL, OPERATORS), (INTEGER_MODEL, INTEGER_OPERATORS)):
        if name in bundle.files:
            try:
                graph = check_graph(bundle.files[name], operators)
            except GraphError as error:
                raise BundleError(f"{bundle.path}: {name}: {error}") from None
            if [*graph.inputs, *graph.outputs] != tensors:
                raise BundleError(f"{bundle.path}: {name} has other inputs or outputs than {DOCUMENT} says")
    if absent := [golden.file for golden in bundle.golden if golden.file not in bundle.files]:
        raise BundleError(f"{bundle.path}: {GOLDEN} names {absent[0]}, which is not there")


def _decode(content: bytes, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BundleError(f"{where} is not valid: {error}") from None
