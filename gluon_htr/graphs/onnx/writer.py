"""Conversion of an exported pair to ONNX, without mxnet and its exporter.

Batch and width are dynamic. A batch norm that directly follows a convolution is folded into it. Tensors keep the names
of the nodes that make them, `features` among them; the input is `image` (N, 1, H, W) float32, already scaled, and the
output `logits` (N, T, C), (N, C, H, W) of a network that labels pixels, or (N, C) of one that classifies images.
Dropout is removed. The operators are those of opset 13, so that any opset up to 17 may be declared.
"""

from __future__ import annotations

import numpy as np
import onnx

from ...errors import GraphError, ParametersError
from ..folding import fold_batch_norms
from ..symbol import Graph
from .operators import WRITERS, GraphBuilder

OPSETS = range(13, 18)
_IR_VERSION = 8  # onnx 1.10, which introduced opset 15: every ONNX Runtime since 2021 reads it
_CHECKS = (onnx.checker.ValidationError, onnx.shape_inference.InferenceError)
_TRANSPARENT = ("Dropout", "_copy")  # at reading time they pass their input on


def to_onnx(
    graph: Graph,
    parameters: dict[str, np.ndarray],
    *,
    opset: int = 13,
    height: int | None = None,
    width: int | None = None,
) -> onnx.ModelProto:
    """Convert the graph with its parameters to a checked ONNX model.

    height, width: of the images in pixels, if they are fixed; otherwise they are dynamic. Raises `GraphError` for
    operators that cannot be converted and `ParametersError` for a missing parameter.
    """
    if opset not in OPSETS:
        raise GraphError(f"opset {opset} is not supported; give one of {OPSETS.start} to {OPSETS.stop - 1}")
    missing = [key for key in graph.parameters if key not in parameters]
    if missing:
        raise ParametersError(f"the parameters lack {missing[0]}, which the graph needs: are they of this network?")
    arrays = {key[4:]: np.asarray(parameters[key], np.float32) for key in graph.parameters}
    try:
        graph, arrays = fold_batch_norms(graph, arrays)
        builder = _written(graph, arrays)
        model = _model(builder, builder.classes(graph.output), opset, (height or "height", width or "width"))
        onnx.checker.check_model(model, full_check=True)
    except (ValueError, IndexError, TypeError, *_CHECKS) as error:
        reason = str(error).partition("\n")[0]
        raise GraphError(f"graph and parameters do not fit together: {reason}") from None
    return model


def _written(graph: Graph, arrays: dict[str, np.ndarray]) -> GraphBuilder:
    needed = _needed(graph)
    builder = GraphBuilder(graph, arrays, _tensor_names(graph, needed))
    for index in needed:
        node = graph.nodes[index]
        if node.operator in _TRANSPARENT:
            builder.ranks[index] = builder.ranks[node.inputs[0]]
        if node.operator in _TRANSPARENT or node.operator == "null":
            continue
        if node.operator not in WRITERS:
            raise GraphError(f"{node.name}: {node.operator} cannot be written as ONNX")
        WRITERS[node.operator](builder, index)
    return builder


def _needed(graph: Graph) -> list[int]:
    """Return indices of the nodes whose tensors the output needs, in order; the weights of an RNN are used as they
    are.
    """
    found: set[int] = {graph.output}
    for index in range(graph.output, -1, -1):
        if index in found:
            node = graph.nodes[index]
            found.update(node.inputs[:1] if node.operator == "RNN" else node.inputs)
    return sorted(found)


def _tensor_names(graph: Graph, needed: list[int]) -> dict[int, str]:
    """Name the tensor of each node: by the node, or by the transparent node after it, whose output is the same
    tensor.
    """
    names = {index: graph.nodes[index].name for index in needed}
    names[graph.data], names[graph.output] = "image", "logits"
    transparent = [index for index in needed if graph.nodes[index].operator in _TRANSPARENT]
    for index in reversed(transparent):
        source = graph.nodes[index].inputs[0]
        if source != graph.data and names[source] != "logits":
            names[source] = names[index]
    for index in transparent:
        names[index] = names[graph.nodes[index].inputs[0]]
    return names


def _model(
    builder: GraphBuilder, classes: int | None, opset: int, size: tuple[int | str, int | str]
) -> onnx.ModelProto:
    number, helper = onnx.TensorProto.FLOAT, onnx.helper
    rank = builder.ranks[builder.graph.output]
    image = helper.make_tensor_value_info("image", number, ["batch", 1, *size])
    axes = {2: ["classes"], 4: ["classes", "rows", "columns"]}.get(rank, ["steps", "classes"])
    shape = ["batch", *(classes or axis if axis == "classes" else axis for axis in axes)]
    logits = helper.make_tensor_value_info("logits", number, shape)
    graph = helper.make_graph(builder.nodes, "recognizer", [image], [logits], builder.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="gluon_htr")
    model.ir_version = _IR_VERSION
    return model
