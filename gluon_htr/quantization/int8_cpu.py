"""int8 for ordinary CPUs: `model.int8.onnx`, made by ONNX Runtime's quantizer.

Convolutions have static scales (activations uint8 per tensor, weights int8 per channel), for which CPUs with VNNI have
instructions. The LSTM and the dense layer are quantized dynamically: an LSTM in int8 has no other form. A DPU needs
another form: see `dpu/qdq.py`.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

from ..bundles.reader import Bundle
from ..bundles.schema import INTEGER_MODEL
from ..bundles.upgrade import current_files
from ..bundles.writer import write_bundle
from ..datasets.loading import Track, load_data, untracked
from ..datasets.store import Store
from ..graphs.onnx.inspection import INTEGER_OPERATORS, check_graph
from ..images.preprocessing import to_network_input
from .calibration import evenly
from .dpu.graphs import parse, with_constants
from .dpu.sources import open_source

STATIC, DYNAMIC = ["Conv", "Add", "MaxPool", "Relu"], ["LSTM", "MatMul"]


def quantize_for_cpu(model: bytes, images: Store) -> bytes:
    """Quantize the graph to int8; input, output and the bias of the dense layer stay float32.

    Raises `GraphError` if it has unknown operators.
    """
    with tempfile.TemporaryDirectory() as folder, _silence():
        plain, half, whole = (Path(folder) / f"{name}.onnx" for name in ("plain", "half", "whole"))
        graph = with_constants(parse(model, "model.onnx"))
        onnx.save(graph, str(plain))
        quantize_static(
            plain,
            half,
            _Images(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=STATIC,
            nodes_to_exclude=_biases(graph),
        )
        quantize_dynamic(half, whole, weight_type=QuantType.QInt8, op_types_to_quantize=DYNAMIC)
        content = whole.read_bytes()
    check_graph(content, INTEGER_OPERATORS)
    return content


def _biases(graph: onnx.ModelProto) -> list[str]:
    """Name the additions of constants: that of the dense layer gives the logits, which stay float32."""
    constants = {array.name for array in graph.graph.initializer}
    return [node.name for node in graph.graph.node if node.op_type == "Add" and constants & set(node.input)]


def quantize_bundle(
    model: str, calibration: Sequence[str], output: Path, max_images: int, track: Track = untracked
) -> None:
    """Write a copy of a bundle, by name or path, that has the whole network in int8 as well.

    calibration: specs of images to choose scales on. Raises the errors of reading the data and opening the bundle.
    """
    bundle = open_source(model).bundle
    store = load_data(calibration, bundle.image_reader.preprocessing.fit, track=track)
    write_integer_bundle(bundle, quantize_for_cpu(bundle.model, evenly(store, max_images)), output)


def write_integer_bundle(bundle: Bundle, model: bytes, path: Path) -> None:
    """Write a copy of the bundle with `model` as its int8 network. Raises `UsageError` and `StorageError`."""
    write_bundle(path, bundle.description, current_files(bundle) | {INTEGER_MODEL: model})


class _Images(CalibrationDataReader):  # type: ignore[misc]
    """Images one by one, each of its own size."""

    def __init__(self, store: Store) -> None:
        self._inputs: Iterator[dict[str, np.ndarray]] = (
            {"image": to_network_input(store.image(k)[None])} for k in range(len(store))
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._inputs, None)


@contextmanager
def _silence() -> Iterator[None]:
    """Hide the general advice that the quantizer logs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
