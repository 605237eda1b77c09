"""ONNX graphs for quantization: constants folded, sizes fixed, with weights and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..._files import MAX_WEIGHTS, read_bounded
from ...bundles.reader import Bundle, read_bundle
from ...bundles.run_folder import is_run
from ...errors import GraphError, ModelError
from ...graphs.onnx.inspection import OPERATORS, check_graph

#: Operators that a plan knows besides those that readers accept.
PLANNED = OPERATORS | {
    "Clip", "ConvTranspose", "GRU", "Gemm", "HardSigmoid", "HardSwish", "Identity", "PRelu", "Softmax",
}  # fmt: skip


@dataclass(frozen=True)
class StaticGraph:
    """A float32 network of fixed sizes. shapes: of every tensor. weights: of every initializer, by name."""

    model: onnx.ModelProto
    shapes: dict[str, tuple[int, ...]]
    weights: dict[str, np.ndarray]

    @property
    def nodes(self) -> list[onnx.NodeProto]:
        return list(self.model.graph.node)


def read_model(path: Path) -> tuple[onnx.ModelProto, Bundle | None]:
    """Read the graph of an ONNX file or of a bundle, and the bundle. Raises `GraphError` or `BundleError`."""
    if path.suffix != ".onnx":
        if is_run(path):
            raise ModelError(f"{path} is a run: make a bundle of it with gluon-htr export {path} --output NAME.zip")
        bundle = read_bundle(path)
        return parse(bundle.model, f"{path}: model.onnx"), bundle
    try:
        return parse(read_bounded(path, MAX_WEIGHTS), str(path)), None
    except FileNotFoundError:
        raise ModelError(f"there is no file {path}: give a bundle or an ONNX file") from None


def parse(content: bytes, where: str) -> onnx.ModelProto:
    """Parse and check a graph. Raises `GraphError` if it is not one, or has unknown operators."""
    try:
        check_graph(content, PLANNED)
        return onnx.load_from_string(content)
    except GraphError as error:
        raise GraphError(f"{where}: {error}") from None
    except Exception as error:  # protobuf's exceptions have no base of their own
        raise GraphError(f"{where} is not an ONNX file: {error}") from None


def fixed(model: onnx.ModelProto, sizes: dict[str, int], where: str = "the network") -> StaticGraph:
    """Fix the size of each axis of a network, fold its constants, and remove unused weights.

    sizes: of the input's free axes, by name (`batch`, `width` …). Raises `GraphError` if an axis stays free.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for axis in (axis for value in copy.graph.input for axis in value.type.tensor_type.shape.dim):
        if not axis.dim_value:
            if axis.dim_param not in sizes:
                raise GraphError(
                    f"{where} leaves the axis {axis.dim_param or 'without a name'!r} of its input free, "
                    f"and a DPU needs fixed sizes: export it again, or name the size with --width"
                )
            axis.dim_value = sizes[axis.dim_param]
    for value in copy.graph.output:
        value.type.tensor_type.ClearField("shape")
    del copy.graph.value_info[:]
    return inferred(with_constants(copy), where)


def inferred(model: onnx.ModelProto, where: str = "the network") -> StaticGraph:
    """Infer the shapes of all tensors. Raises `GraphError` if one is only known at run time."""
    try:
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise GraphError(f"{where} is not a consistent network: {str(error).strip().splitlines()[-1]}") from None
    graph = model.graph
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    shapes = {name: array.shape for name, array in weights.items()}
    for value in (*graph.input, *graph.value_info, *graph.output):
        axes = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(axis.HasField("dim_value") for axis in axes):
            shapes[value.name] = tuple(axis.dim_value for axis in axes)
    if unknown := [name for node in graph.node for name in node.output if name and name not in shapes]:
        raise GraphError(f"{where}: the size of {unknown[0]} is only known when it runs: a DPU needs fixed sizes")
    return StaticGraph(model, shapes, weights)


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """Return a node's attribute as a Python value."""
    return next((onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def with_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constant operators (Cast, Mul of constants) in place, and remove unused weights."""
    graph = model.graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        inputs = [constants[name] for name in node.input if name in constants]
        if node.op_type in ("Cast", "Mul") and len(inputs) == len(node.input):
            constants[node.output[0]] = inputs[0] * inputs[1] if len(inputs) == 2 else inputs[0].astype(np.float32)
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    kept = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items() if name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    return model
