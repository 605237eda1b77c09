"""Training throughput: forward, backward and update of whole batches that are ready in memory.

    python benchmarks/training.py [--rounds 5]

1. The `notebook` preset, batch 64 of 32 × 128: our hybridized engine against the notebook's own eager style and against
   PyTorch's own modules in float32.
2. The `lines-fast` preset, batch 16 of 48 × 704: our torch engine in bfloat16 against our MXNet engine. It is left out
   on a CPU without bfloat16 instructions, where torch emulates them very slowly.

All take turns in one process. Prints one JSON object as its last line: samples a second and their ratios.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch  # before mxnet: torch's threads shall behave as they do in a program of torch alone
from notebook_style import TorchNotebook, eager_notebook, scaled
from turns import medians, ratio, take_turns

from gluon_htr._mxnet import mx
from gluon_htr.networks.presets import load_preset
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.training.engines import OptimizerSettings, create_engine, fastest_precision
from gluon_htr.training.objectives.batch import Batch

CLASSES, RATE, LABELS = 80, 1e-3, 10


def random_batch(preset: str, count: int) -> Batch:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, *load_preset(preset).nominal_size), np.uint8)
    labels = generator.integers(0, CLASSES - 1, (count, LABELS)).astype(np.int32)
    return Batch(images, labels, np.full(count, LABELS, np.int32))


def our_step(preset: str, kind: str, precision: str, batch: Batch) -> Callable[[], object]:
    with tempfile.TemporaryDirectory() as folder:
        export_pair(build(load_preset(preset), CLASSES), folder)
        engine = create_engine(kind, Path(folder), OptimizerSettings(), precision=precision)  # type: ignore[arg-type]
    return lambda: engine.step(batch, RATE, seed=0)


def eager_step(batch: Batch) -> Callable[[], object]:
    network, loss = eager_notebook(CLASSES), mx.gluon.loss.CTCLoss()
    network(mx.nd.array(scaled(batch.images)))
    trainer = mx.gluon.Trainer(network.collect_params(), "adam", {"learning_rate": RATE})

    def step() -> float:
        images, labels = mx.nd.array(scaled(batch.images)), mx.nd.array(batch.labels)
        with mx.autograd.record():
            value = loss(network(images), labels)
        value.backward()
        trainer.step(len(batch.images))
        return float(value.mean().asscalar())

    return step


def torch_step(batch: Batch) -> Callable[[], object]:
    network, loss = TorchNotebook(CLASSES), torch.nn.CTCLoss(blank=CLASSES - 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    labels, lengths = torch.from_numpy(batch.labels).long(), torch.from_numpy(batch.lengths).long()

    def step() -> float:
        scores = network(torch.from_numpy(scaled(batch.images))).log_softmax(2).transpose(0, 1)
        value = loss(scores, labels, torch.full((len(labels),), len(scores)), lengths)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value.item()

    return step


def notebook(rounds: int) -> dict[str, object]:
    batch = random_batch("notebook", 64)
    contestants = {
        "ours": our_step("notebook", "mxnet", "float32", batch),
        "eager": eager_step(batch),
        "torch modules": torch_step(batch),
    }
    rates = take_turns(contestants, rounds, repeats=3, items=64)
    comparisons = {f"ours to {other}": ratio(rates, "ours", other) for other in ("eager", "torch modules")}
    return {"samples/s": medians(rates), **comparisons}


def lines(rounds: int) -> dict[str, object]:
    batch = random_batch("lines-fast", 16)
    contestants = {
        "mxnet float32": our_step("lines-fast", "mxnet", "float32", batch),
        "torch float32": our_step("lines-fast", "torch", "float32", batch),
    }
    if fastest_precision("torch", "cpu") == "bfloat16":
        contestants["torch bfloat16"] = our_step("lines-fast", "torch", "bfloat16", batch)
    rates = take_turns(contestants, rounds, repeats=2, items=16)
    comparisons = {f"{name} to mxnet float32": ratio(rates, name, "mxnet float32") for name in rates if "torch" in name}
    return {"lines/s": medians(rates), **comparisons}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    result = {
        "threads": torch.get_num_threads(),
        "bfloat16 instructions": fastest_precision("torch", "cpu") == "bfloat16",
    }
    print(json.dumps(result | {"notebook": notebook(rounds), "lines": lines(rounds)}))


if __name__ == "__main__":
    main()
