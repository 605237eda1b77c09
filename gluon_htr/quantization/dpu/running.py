"""Execution of graphs of fixed size on ONNX Runtime, with any of their tensors as outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx

from ..._onnxruntime import onnxruntime, open_session, session_options
from ...images.preprocessing import to_network_input


def session(
    model: onnx.ModelProto, outputs: Sequence[str] = (), optimized: bool = True
) -> onnxruntime.InferenceSession:
    """Open a session with one thread, since images come one by one.

    outputs: names of the tensors to return; those of the graph by default."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    if outputs:
        del copy.graph.output[:]
        copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    options = session_options(threads=1)
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return open_session(copy.SerializeToString(), options)


class Tensors:
    """Values of tensors of a network for each of many images; can be iterated any number of times, and keeps nothing.

    images: (N, H, W) uint8. Yields name → (1, …) float32 for each.
    """

    def __init__(self, model: onnx.ModelProto, names: Sequence[str], images: np.ndarray) -> None:
        self._source = model.graph.input[0].name
        self._names = [name for name in dict.fromkeys(names) if name != self._source]
        self._session, self._images = session(model, self._names), images

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        for image in self._images:
            x = to_network_input(image[None])
            yield {self._source: x} | dict(zip(self._names, self._session.run(self._names, {self._source: x})))
