"""Splitting of a recognizer's ONNX graph into the featurizer and the tail (encoder and decoder)."""

from __future__ import annotations

import onnx

from ...errors import GraphError

CUT = "features"


def split(model: onnx.ModelProto) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Split into (image → features, features → logits). Raises `GraphError` if no tensor is named `features`."""
    if not any(CUT in node.output for node in model.graph.node):
        raise GraphError(f"the graph has no tensor named {CUT} to split at: was it made by gluon_htr?")
    source, target = model.graph.input[0].name, model.graph.output[0].name
    extractor = onnx.utils.Extractor(onnx.shape_inference.infer_shapes(model))
    parts = extractor.extract_model([source], [CUT]), extractor.extract_model([CUT], [target])
    for part in parts:
        onnx.checker.check_model(part, full_check=True)
    return parts
