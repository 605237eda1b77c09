"""Weights of an ONNX graph in half the bytes, widened to float32 when a runtime loads it."""

from __future__ import annotations

import numpy as np
import onnx

SMALLEST = 1024  # numbers: below, a Cast costs more than it saves


def rounded(parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters with every matrix and kernel as float16; vectors (biases, batch norms) stay what they are.

    Numbers that float16 does not reach stay float32, with their whole array.
    """
    return {name: _halved(array) if array.ndim > 1 else array for name, array in parameters.items()}


def store_as_float16(model: onnx.ModelProto, parameters: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The same function, to a float32's last bit: weights that float16 holds are stored as such, with a Cast.

    parameters: the `rounded` ones that the graph was written from. A kernel into which a batch norm was folded is
    stored as it was before, with the norm's factors in a Mul. A runtime computes this once, when it loads the graph.
    """
    small = onnx.ModelProto()
    small.CopyFrom(model)
    widening: list[onnx.NodeProto] = []
    factors: list[onnx.TensorProto] = []
    for tensor in small.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < SMALLEST:
            continue
        half, factor = _stored(array, parameters.get(f"arg:{tensor.name}"))
        if half.dtype == np.float16:
            name = tensor.name
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}:half"))
            wide = name if factor is None else f"{name}:wide"
            widening.append(onnx.helper.make_node("Cast", [f"{name}:half"], [wide], wide, to=onnx.TensorProto.FLOAT))
            if factor is not None:
                factors.append(onnx.numpy_helper.from_array(factor, f"{name}:factor"))
                widening.append(onnx.helper.make_node("Mul", [wide, f"{name}:factor"], [name], name))
    nodes = [*widening, *small.graph.node]
    del small.graph.node[:]
    small.graph.node.extend(nodes)
    small.graph.initializer.extend(factors)
    onnx.checker.check_model(small, full_check=True)
    return small


def _stored(array: np.ndarray, unfolded: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """What is stored for an array, float16 where that loses nothing, and factors (C, 1, …) to multiply it by."""
    half = _halved(array)
    if np.array_equal(half, array):
        return half, None
    if unfolded is None or unfolded.dtype != np.float16 or unfolded.shape != array.shape:
        return array, None
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
