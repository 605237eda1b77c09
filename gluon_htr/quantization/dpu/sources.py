"""Models by name or path, as networks of fixed sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import onnx

from ...bundles.catalog import find_bundle
from ...bundles.reader import Bundle
from ...bundles.schema import Characters, Layout
from ...errors import ModelError, UsageError
from ...images.preprocessing import Preprocessing
from .graphs import StaticGraph, fixed, read_model

PAPER = 2**0.5  # height of a sheet by its width (ISO 216)


@dataclass(frozen=True)
class QuantizationSource:
    """A bundle with its graph, and the preprocessing that makes every image the one size that a DPU takes."""

    bundle: Bundle
    graph: onnx.ModelProto
    preprocessing: Preprocessing

    @property
    def network(self) -> StaticGraph:
        return fixed(self.graph, {"batch": 1, "width": self.preprocessing.width}, str(self.bundle.path))


def open_network(model: str, width: int | None = None) -> StaticGraph:
    """Open a bundle's or an ONNX file's network for one image. Raises `ModelError` and others if there is none."""
    graph, bundle = read_model(find_bundle(model) or Path(model))
    if bundle and isinstance(bundle.description.model, Layout):
        return fixed(graph, {"batch": 1} | page_size(bundle.description.model, width), model)
    if bundle:
        return _source(bundle, graph, width).network
    return fixed(graph, {"batch": 1} | ({"width": width} if width else {}), model)


def open_source(model: str, width: int | None = None) -> QuantizationSource:
    """Open a bundle by name or path.

    Raises `ModelError` for an ONNX file alone: it does not define the preprocessing.
    """
    graph, bundle = read_model(find_bundle(model) or Path(model))
    if bundle is None:
        raise ModelError(f"{model} has no alphabet and preprocessing: give the bundle that it comes from")
    return _source(bundle, graph, width)


def page_size(model: Layout, width: int | None) -> dict[str, int]:
    """Return the size of an upright page of paper, in the multiples that the network takes. width: of the page."""
    height = -(-model.max_side // model.multiple) * model.multiple
    given = width or round(height / PAPER)
    return {"height": height, "width": -(-given // model.multiple) * model.multiple}


def _source(bundle: Bundle, graph: onnx.ModelProto, width: int | None) -> QuantizationSource:
    reader = bundle.image_reader
    preprocessing, is_fixed = reader.preprocessing.fit, reader.preprocessing.fit.mode != "height"
    step = preprocessing.width if isinstance(reader, Characters) else reader.step_width
    if width is None:
        width = preprocessing.width
    if width < 1 or width % step or (is_fixed and width != preprocessing.width):
        only = f"is {preprocessing.width}" if is_fixed else f"is a multiple of {step}"
        raise UsageError(f"a width of {width} pixels does not fit {bundle.name}: its width {only}")
    if preprocessing.mode == "height":  # every image is padded to the whole width, or shrunk to it
        preprocessing = msgspec.structs.replace(preprocessing, width=width, width_multiple=width)
    return QuantizationSource(bundle, graph, preprocessing)
