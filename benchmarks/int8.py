"""Reading in int8 against float32 on this CPU, in turn within one run.

    python benchmarks/int8.py --model BUNDLE [--rounds 7] [--threads 1 2] [--data SPEC ...]

BUNDLE is one that `gluon-htr quantize` has made. Batches of 1 and of 16 images of its nominal size. Prints one JSON
object as its last line: images a second of each, and the ratios. With --data also what int8 costs: CER in percent of
each spec, read greedily in both precisions, and their means.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np

from gluon_htr import load
from gluon_htr.datasets.loading import load_data
from gluon_htr.runtime.backends import PRECISIONS, LogitsFunction
from gluon_htr.runtime.stores import read_store
from gluon_htr.text.metrics import cer

BATCHES = {1: 32, 16: 4}  # images → calls a round


def images_per_second(network: LogitsFunction, images: np.ndarray, calls: int) -> float:
    """Over some calls with the same batch."""
    begun = time.perf_counter()
    for _ in range(calls):
        network(images)
    return calls * len(images) / (time.perf_counter() - begun)


def measure(model: str, threads: int, rounds: int) -> dict[str, float]:
    """Medians over rounds in which both take their turn, and the median of their ratios."""
    recognizers = {precision: load(model, threads=threads, precision=precision) for precision in PRECISIONS}
    preprocessing = recognizers["float32"].preprocessing
    width = (
        preprocessing.width
        if preprocessing.mode == "box"
        else 15 * preprocessing.height // preprocessing.width_multiple * preprocessing.width_multiple
    )
    found: dict[str, float] = {}
    for batch, calls in BATCHES.items():
        images = np.random.default_rng(0).integers(0, 256, (batch, preprocessing.height, width), np.uint8)
        speeds = [
            {name: images_per_second(one.network, images, calls) for name, one in recognizers.items()}
            for _ in range(rounds + 1)
        ][1:]
        for name in PRECISIONS:
            found[f"{name}, batch {batch}"] = round(statistics.median(speed[name] for speed in speeds), 1)
        ratios = [speed["int8"] / speed["float32"] for speed in speeds]
        found[f"ratio, batch {batch}"] = round(statistics.median(ratios), 2)
    return found


def costs(model: str, data: list[str]) -> dict[str, dict[str, float]]:
    """CER of each spec in both precisions, in percent, and the unweighted means."""
    recognizers = {precision: load(model, precision=precision) for precision in PRECISIONS}
    preprocessing, alphabet = recognizers["float32"].preprocessing, recognizers["float32"].alphabet
    found: dict[str, dict[str, float]] = {}
    for spec in data:
        store = load_data([spec], preprocessing, form=alphabet.normalization, like_inference=True)
        found[spec] = {
            name: round(100 * cer(store.texts, read_store(one.network, store, alphabet)), 2)
            for name, one in recognizers.items()
        }
        print(spec, found[spec], flush=True)
    means = {name: round(statistics.mean(row[name] for row in found.values()), 2) for name in PRECISIONS}
    return found | {"mean": means}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--data", nargs="+", default=[], metavar="SPEC")
    given = parser.parse_args()
    result: dict[str, object] = {f"{n} threads": measure(given.model, n, given.rounds) for n in given.threads}
    if given.data:
        result["CER"] = costs(given.model, given.data)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
