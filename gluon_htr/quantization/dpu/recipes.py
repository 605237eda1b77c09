"""Recipes of quantization: from a featurizer and images to the written files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import onnx

from ..._files import MAX_WEIGHTS, read_bounded
from ..._storage import write_atomically
from ...errors import ModelError, UsageError
from .featurizer import read_steps
from .graphs import StaticGraph, parse
from .improvements import corrected, equalized
from .qdq import Quantized, quantize, to_qdq
from .scales import METHODS
from .simulator import EXACT, headroom
from .splitting import Halves

FEATURIZER, TAIL, INTEGER, SCALES = "featurizer.onnx", "tail.onnx", "featurizer.int8.onnx", "scales.json"


class Recipe(msgspec.Struct, frozen=True):
    """Options of a quantization. method: one of `METHODS`. The two improvements are described in `improvements.py`."""

    method: str = "minmse"
    equalization: bool = False
    bias_correction: bool = False


class Scales(msgspec.Struct, frozen=True):
    """Content of `scales.json`: every number of a tensor is q · 2^-exponent. exact: whether the simulator equals ONNX
    Runtime.
    """

    recipe: Recipe
    images: int
    exponents: dict[str, int]
    headroom: int
    exact: bool


def prepared(recipe: Recipe, halves: Halves) -> Halves:
    """Check the recipe and apply cross-layer equalization if requested.

    Raises `UsageError`, `GraphError`.
    """
    return replace(halves, featurizer=prepared_network(recipe, halves.featurizer))


def prepared_network(recipe: Recipe, network: StaticGraph) -> StaticGraph:
    """Check the recipe and apply cross-layer equalization to a network if requested. Raises as `prepared` does."""
    if recipe.method not in METHODS:
        raise UsageError(f"unknown method {recipe.method}; the methods are {', '.join(METHODS)}")
    read_steps(network)  # raises before anything is computed
    return equalized(network) if recipe.equalization else network


def quantized_by(recipe: Recipe, featurizer: StaticGraph, images: np.ndarray) -> Quantized:
    """Quantize the featurizer. images: (N, H, W) uint8."""
    quantized = quantize(featurizer, images, recipe.method)
    return corrected(quantized, images, recipe.method) if recipe.bias_correction else quantized


def write_halves(halves: Halves, folder: Path) -> None:
    """Write `featurizer.onnx` and `tail.onnx`, both of fixed sizes."""
    write_atomically(folder / FEATURIZER, halves.featurizer.model.SerializeToString())
    write_atomically(folder / TAIL, halves.tail.model.SerializeToString())


def write_quantized(quantized: Quantized, recipe: Recipe, images: int, folder: Path) -> Scales:
    """Write `featurizer.int8.onnx` and `scales.json`; return the scales."""
    largest = headroom(quantized)
    scales = Scales(recipe, images, quantized.exponents, largest, largest < EXACT)
    write_atomically(folder / INTEGER, to_qdq(quantized).SerializeToString())
    write_atomically(folder / SCALES, msgspec.json.format(msgspec.json.encode(scales)) + b"\n")
    return scales


def read_quantized(folder: Path) -> tuple[onnx.ModelProto, onnx.ModelProto, onnx.ModelProto]:
    """Read the files of `write_halves` and `write_quantized`: featurizer, quantized featurizer, tail.

    Raises `ModelError`.
    """
    found = []
    for name in (FEATURIZER, INTEGER, TAIL):
        if not (folder / name).is_file():
            raise ModelError(f"{folder} has no {name}: give the output folder of gluon-htr dpu quantize")
        found.append(parse(read_bounded(folder / name, MAX_WEIGHTS), str(folder / name)))
    return found[0], found[1], found[2]


def quantized_width(graph: onnx.ModelProto, folder: Path, width: int | None = None) -> int:
    """Return the width in pixels of the images that a graph of a folder takes.

    width: the one that was asked for. Raises `UsageError` if it is another one.
    """
    own: int = graph.graph.input[0].type.tensor_type.shape.dim[3].dim_value
    if width not in (None, own):
        raise UsageError(f"{folder} was quantized for images {own} pixels wide, not {width}: leave out --width")
    return own
