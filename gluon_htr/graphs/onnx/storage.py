"""Storage of the weights of an ONNX graph in a bundle: once, and in half the bytes if the pair has float16.

Stored weights are widened to float32 and multiplied by the factors of folded batch norms when a runtime loads the
graph.
"""

from __future__ import annotations

import numpy as np
import onnx

MIN_SIZE = 1024  # numbers: below, a Cast or a Mul costs more than it saves


def rounded(parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Round every matrix and kernel to float16; vectors (biases, batch norms) keep their type.

    Arrays with numbers beyond the range of float16 stay float32.
    """
    return {name: _halved(array) if array.ndim > 1 else array for name, array in parameters.items()}


def store_weights(model: onnx.ModelProto, parameters: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Return the same function, to the last bit of float32, with weights stored as in the pair.

    parameters: those that the graph was written from, `rounded` for half the bytes. Weights that float16 represents
    exactly are stored as such, with a Cast. A kernel into which a batch norm was folded is stored unfolded, with the
    norm's factors in a Mul, so that the pair can be rebuilt (`restoring.py`). A runtime computes both once, when it
    loads.
    """
    small = onnx.ModelProto()
    small.CopyFrom(model)
    loading: list[onnx.NodeProto] = []
    factors: list[onnx.TensorProto] = []
    for tensor in small.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < MIN_SIZE:
            continue
        name = tensor.name
        stored, factor = _stored(array, parameters.get(f"arg:{name}"))
        last = name if factor is None else f"{name}:wide"
        if stored.dtype == np.float16:
            tensor.CopyFrom(onnx.numpy_helper.from_array(stored, f"{name}:half"))
            loading.append(onnx.helper.make_node("Cast", [f"{name}:half"], [last], last, to=onnx.TensorProto.FLOAT))
        elif factor is not None:
            last = f"{name}:unfolded"
            tensor.CopyFrom(onnx.numpy_helper.from_array(stored, last))
        if factor is not None:
            factors.append(onnx.numpy_helper.from_array(factor, f"{name}:factor"))
            loading.append(onnx.helper.make_node("Mul", [last, f"{name}:factor"], [name], name))
    nodes = [*loading, *small.graph.node]
    del small.graph.node[:]
    small.graph.node.extend(nodes)
    small.graph.initializer.extend(factors)
    onnx.checker.check_model(small, full_check=True)
    return small


def _stored(array: np.ndarray, unfolded: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the stored form of an array, and the factors (C, 1, …) to multiply it by if a batch norm was folded."""
    if unfolded is None or unfolded.shape != array.shape or np.array_equal(unfolded, array):
        half = _halved(array)
        same = np.array_equal(half, array) and (unfolded is None or unfolded.dtype == np.float16)
        return (half, None) if same else (array, None)
    rows = unfolded.astype(np.float32).reshape(len(array), -1)
    largest = np.abs(rows).argmax(axis=1)[:, None]
    divisor, folded = np.take_along_axis(rows, largest, 1), np.take_along_axis(array.reshape(rows.shape), largest, 1)
    factor = np.divide(folded, divisor, out=np.ones_like(folded), where=divisor != 0)
    if not np.allclose(rows * factor, array.reshape(rows.shape), rtol=1e-6, atol=0):
        return array, None
    return unfolded, factor.reshape(-1, *[1] * (array.ndim - 1))


def _halved(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.isfinite(half).all() else array
