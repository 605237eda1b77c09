"""Images a second on ONNX Runtime against batch size and threads, beside what this CPU can do at most.

    python benchmarks/throughput.py [--model BUNDLE | --preset words] [--batches 1 4 16] [--threads 1 2] [--width 704]

The network's floating-point operations are counted from its graph (two for each multiply-accumulate), the CPU's peak is
that of a large float32 matrix product in ONNX Runtime with as many threads, measured here; kernels of convolutions may
do better than that. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np
import onnx

from gluon_htr._onnxruntime import onnxruntime
from gluon_htr._processes import cores
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.graphs.pair import read_pair
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.networks.presets import load_preset
from gluon_htr.runtime.backends import convert, onnx_network
from gluon_htr.runtime.loading import find_model

CLASSES = 80
SIDE = 1024  # of the square matrices of the peak


def subject(given: argparse.Namespace) -> tuple[str, Preprocessing, bytes]:
    """Name, preprocessing and ONNX graph of what is measured."""
    if given.model:
        bundle = read_bundle(find_model(given.model))
        return bundle.name, bundle.reader.preprocessing.fit, bundle.model
    from gluon_htr.networks.recognizer import build, export_pair

    preset = load_preset(given.preset)
    with tempfile.TemporaryDirectory() as folder:
        export_pair(build(preset, CLASSES), folder)
        return given.preset, preset.preprocessing, convert(read_pair(Path(folder)))


def operations(model: bytes, height: int, width: int) -> int:
    """Floating-point operations of one image: convolutions, LSTMs and matrix products, as everything else is little."""
    graph = onnx.load_from_string(model)
    for value, size in zip(graph.graph.input[0].type.tensor_type.shape.dim, (1, 1, height, width)):
        value.dim_value = size
    inferred = onnx.shape_inference.infer_shapes(graph, data_prop=True).graph
    values = (*inferred.value_info, *inferred.input, *inferred.output)
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}
    shapes |= {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    return 2 * sum(_macs(node, shapes) for node in inferred.node)


def _macs(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    if node.op_type == "Conv":
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "MatMul":
        return prod(shapes[node.output[0]]) * shapes[node.input[1]][-2]
    if node.op_type == "LSTM":
        steps, batch, _ = shapes[node.input[0]]
        return steps * batch * (prod(shapes[node.input[1]]) + prod(shapes[node.input[2]]))
    return 0


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The shortest of a call's durations: what the machine can do where nobody disturbs it."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def peak(threads: int, rounds: int) -> float:
    """Floating-point operations a second of a large matrix product, its weights packed beforehand as networks' are."""
    helper, random = onnx.helper, np.random.default_rng(0)
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [SIDE, SIDE]) for name in "ac"]
    weights = onnx.numpy_helper.from_array(random.random((SIDE, SIDE), np.float32), "b")
    product = helper.make_node("MatMul", ["a", "b"], ["c"])
    graph = helper.make_graph([product], "peak", values[:1], values[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = {"a": random.random((SIDE, SIDE), np.float32)}
    return 2 * SIDE**3 / seconds(lambda: session.run(None, given), rounds * 10)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="words")
    parser.add_argument("--model", help="a bundle, by name or path, instead of a preset with random weights")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, cores()}))
    parser.add_argument("--width", type=int, help="pixels of an image (default: the box, or 15 times the height)")
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    name, preprocessing, model = subject(given)
    typical = (
        preprocessing.width
        if preprocessing.mode == "box"
        else max(1, 15 * preprocessing.height // preprocessing.width_multiple) * preprocessing.width_multiple
    )
    width = given.width or typical
    flops, rows = operations(model, preprocessing.height, width), []
    for threads in given.threads:
        most = peak(threads, given.rounds)
        network = onnx_network(model, threads)
        for batch in given.batches:
            images = np.random.default_rng(batch).integers(0, 256, (batch, preprocessing.height, width), np.uint8)
            rate = batch / seconds(lambda n=network, i=images: n(i), given.rounds)  # type: ignore[misc]
            row = {"threads": threads, "batch": batch, "images/s": round(rate, 1), "peak GFLOP/s": round(most / 1e9, 1)}
            rows.append({**row, "share of peak": round(rate * flops / most, 3)})
            print(json.dumps(rows[-1]), flush=True)
    report = {"benchmark": "throughput", "network": name, "image": [preprocessing.height, width]}
    print(json.dumps({**report, "MFLOP an image": round(flops / 1e6, 1), "measured": rows}))


if __name__ == "__main__":
    main()
