"""Packing and reading records, beside decoding the same words from their folder of PNG files.

    python benchmarks/records.py data/iam [--words 6000] [--rounds 3]

For records as PNG and as PGM, both lossless:

1. Packing: words a second of `prepare … --output words.rec`, from files to records on the disk, on all cores.
2. Reading: every image of the records in random order, in one process, against opening and decoding the PNG files that
   they were made from, in the same order, with OpenCV. Both are in the page cache.

Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from gluon_htr.datasets.origin import Origin
from gluon_htr.datasets.packed.records import load_records, save_records
from gluon_htr.datasets.preparation import Preparer
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.datasets.store import Store
from gluon_htr.images.encoding import parse_encoding
from gluon_htr.networks.presets import load_preset

cv2.setNumThreads(1)


def pack(spec: str, folder: Path, encoding: str) -> tuple[Store, float]:
    """The records as loaded, and words packed a second."""
    parsed, preprocessing = parse_spec(spec), load_preset("words").preprocessing
    start = time.perf_counter()
    with Preparer() as preparer:
        reader = open_spec(parsed)
        samples, _ = save_records(folder, reader, preparer, Origin(spec, "", preprocessing), parse_encoding(encoding))
    return load_records(folder)[0], samples / (time.perf_counter() - start)


def read_files(paths: list[str]) -> float:
    start = time.perf_counter()
    for path in paths:
        cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    return len(paths) / (time.perf_counter() - start)


def read_records(store: Store, order: list[int]) -> float:
    start = time.perf_counter()
    for position in order:
        store.image(position)
    return len(order) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("iam", type=Path)
    parser.add_argument("--words", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    spec = f"iam-words:{given.iam}?split=train"
    with tempfile.TemporaryDirectory() as folder:
        packed = {name: pack(spec, Path(folder) / f"{name}.rec", name) for name in ("png", "pgm")}
    stores = {name: store for name, (store, _) in packed.items()}
    order = np.random.default_rng(0).permutation(len(stores["png"]))[: given.words].tolist()
    sources = {sample.id: str(sample.image.source) for sample in open_spec(parse_spec(spec))}  # type: ignore[attr-defined]
    paths = [sources[stores["png"].ids[k]] for k in order]
    read_files(paths)  # into the page cache
    contestants = {"files": lambda: read_files(paths)}
    contestants |= {name: partial(read_records, store, order) for name, store in stores.items()}
    rates = [{name: read() for name, read in contestants.items()} for _ in range(given.rounds)]
    result = {
        "packed words/s": {name: round(rate) for name, (_, rate) in packed.items()},
        "images read/s": {name: round(median(rate[name] for rate in rates)) for name in contestants},
        "records to files": {name: [round(rate[name] / rate["files"], 2) for rate in rates] for name in stores},
    }
    print(json.dumps({"benchmark": "records", **result}))


if __name__ == "__main__":
    main()
