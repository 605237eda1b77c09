"""Inference throughput of the `notebook` preset: our hybridized block, the notebook's eager style, PyTorch's modules.

    python benchmarks/forward.py [--rounds 5]

Batches of 64 scaled images of 32 × 128, in turn within one process. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import numpy as np
import torch  # before mxnet: torch's threads shall behave as they do in a program of torch alone
from notebook_style import TorchNotebook, eager_notebook, scaled
from turns import medians, ratio, take_turns

from gluon_htr._mxnet import mx
from gluon_htr.networks.presets import load_preset
from gluon_htr.networks.recognizer import build

CLASSES, COUNT = 80, 64


def gluon_forward(network: mx.gluon.Block, images: np.ndarray) -> Callable[[], object]:
    return lambda: network(mx.nd.array(images)).asnumpy()


def torch_forward(images: np.ndarray) -> Callable[[], object]:
    network = TorchNotebook(CLASSES).eval()

    def forward() -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(images)).numpy()

    return forward


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    images = scaled(np.random.default_rng(0).integers(0, 256, (COUNT, 32, 128), np.uint8))
    contestants = {
        "ours": gluon_forward(build(load_preset("notebook"), CLASSES), images),
        "eager": gluon_forward(eager_notebook(CLASSES), images),
        "torch modules": torch_forward(images),
    }
    rates = take_turns(contestants, rounds, repeats=4, items=COUNT)
    comparisons = {f"ours to {other}": ratio(rates, "ours", other) for other in ("eager", "torch modules")}
    print(json.dumps({"threads": torch.get_num_threads(), "samples/s": medians(rates), **comparisons}))


if __name__ == "__main__":
    main()
