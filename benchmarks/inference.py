"""Reading on ONNX Runtime against hybridized MXNet, the same network, in turn within one run.

    python benchmarks/inference.py [--preset notebook words] [--model BUNDLE] [--rounds 5]

Three contestants, each in a process of its own, so that their threads do not disturb each other: ONNX Runtime, MXNet as
it comes, and MXNet with the settings of `gluon_htr/_processes.py`. Batches of 1 and of 64 images at the nominal
size of the preset; weights are random unless a bundle is given. Prints one JSON object as its last line: images per
second of each, and the ratios.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from turns import medians, ratio

from gluon_htr._processes import cores
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.graphs.pair import Pair, read_pair
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.networks.presets import load_preset
from gluon_htr.runtime.backends import LogitsFunction, convert, mxnet_network, onnx_network
from gluon_htr.runtime.loading import find_model

CLASSES = 80
#: What MXNet 1.9.1 and libgomp do where nobody sets anything: half of the cores, an asynchronous engine, long spinning.
AS_IT_COMES = {
    "MXNET_ENGINE_TYPE": "ThreadedEnginePerDevice",
    "MXNET_OMP_MAX_THREADS": str(max(1, cores() // 2)),
    "GOMP_SPINCOUNT": "300000",
}
CONTESTANTS: dict[str, dict[str, str]] = {"onnx": {}, "mxnet": AS_IT_COMES, "mxnet, our settings": {}}
BATCHES = {1: 20, 64: 2}  # images → calls a round


def subject(preset: str | None, model: str | None) -> tuple[Preprocessing, Pair, bytes]:
    """How images are taken, the pair, and its ONNX graph, of a bundle or, with random weights, of a preset."""
    if model:
        bundle = read_bundle(find_model(model))
        return bundle.reader.preprocessing.fit, bundle.trainable_pair, bundle.model
    from gluon_htr.networks.recognizer import build, export_pair

    preprocessing = load_preset(preset or "").preprocessing
    with tempfile.TemporaryDirectory() as folder:
        export_pair(build(load_preset(preset or ""), CLASSES), folder)
        pair = read_pair(Path(folder))
    return preprocessing, pair, convert(pair)


def contestant(name: str, shape: tuple[int, int], pair: Pair, model: bytes, line: Connection) -> None:
    """Loads a network and measures it whenever it is asked to: a batch size comes in, images a second go out."""
    network: LogitsFunction = onnx_network(model) if name == "onnx" else mxnet_network(pair)
    random = np.random.default_rng(0)
    images = {batch: random.integers(0, 256, (batch, *shape), np.uint8) for batch in BATCHES}
    for batch in BATCHES:
        for _ in range(2):
            network(images[batch])
    line.send("ready")
    while batch := line.recv():
        begun = time.perf_counter()
        for _ in range(BATCHES[batch]):
            network(images[batch])
        line.send(batch * BATCHES[batch] / (time.perf_counter() - begun))


def compare(preprocessing: Preprocessing, pair: Pair, model: bytes, rounds: int) -> dict[str, object]:
    """Images a second of all contestants, and the ratios, at either batch size."""
    width = (
        preprocessing.width
        if preprocessing.mode == "box"
        else max(1, 15 * preprocessing.height // preprocessing.width_multiple) * preprocessing.width_multiple
    )
    lines = {}
    for name, settings in CONTESTANTS.items():
        ours, theirs = multiprocessing.Pipe()
        before = dict(os.environ)
        os.environ.update(settings)
        work = partial(contestant, name, (preprocessing.height, width), pair, model, theirs)
        multiprocessing.get_context("spawn").Process(target=work, daemon=True).start()
        os.environ.clear()
        os.environ.update(before)
        ours.recv()
        lines[name] = ours
    report: dict[str, object] = {"image": [preprocessing.height, width]}
    for batch in BATCHES:
        rates: dict[str, list[float]] = {name: [] for name in lines}
        for _ in range(rounds):
            for name, line in lines.items():
                line.send(batch)
                rates[name].append(line.recv())
        ratios = {f"onnx to {name}": ratio(rates, "onnx", name) for name in lines if name != "onnx"}
        report[f"batch {batch}"] = {"images/s": medians(rates), **ratios}
    for line in lines.values():
        line.send(0)
    return report


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", nargs="*", default=["notebook", "words"])
    parser.add_argument("--model", nargs="*", default=[], help="bundles, by name or path")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    wanted = {name: (name, None) for name in given.preset} | {name: (None, name) for name in given.model}
    measured = {}
    for name, (preset, model) in wanted.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:  # mxnet's threads end with it
            parts = pool.apply(subject, (preset, model))
        measured[name] = compare(*parts, given.rounds)
    print(json.dumps({"benchmark": "inference", "cores": cores(), **measured}))


if __name__ == "__main__":
    main()
