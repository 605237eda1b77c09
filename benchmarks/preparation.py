"""Preparation of word images: ours in worker processes against the notebook's loop in one, in turn within one run.

    python benchmarks/preparation.py data/iam --rounds 3

Both read every word's image and transcription of the training forms, fit it into 32 × 128 and pickle the result. The
loop is written as the notebook has it: ElementTree over the XML files, `cv2.imread`, `cv2.resize`, `copyMakeBorder`.
Prints one JSON object as its last line: words a second of either, their ratio, and how long the cache takes to open.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # it speaks of each missing file

import cv2
import numpy as np

from gluon_htr.datasets.iam.reader import aachen_forms
from gluon_htr.datasets.origin import origin
from gluon_htr.datasets.packed.cache import load_cache, save_cache
from gluon_htr.datasets.preparation import Preparer
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.networks.presets import load_preset


def notebook_fit(image: np.ndarray, height: int = 32, width: int = 128) -> np.ndarray:
    """Shrink to fit, center, pad with max(230, top-left pixel)."""
    rows, columns = image.shape
    if rows > height or columns > width:
        ratio = min(height / rows, width / columns)
        rows, columns = max(1, int(rows * ratio)), max(1, int(columns * ratio))
        image = cv2.resize(image, (columns, rows))
    top, left = (height - rows) // 2, (width - columns) // 2
    edges = (top, height - rows - top, left, width - columns - left)
    return cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT, value=max(230, int(image[0, 0])))


def notebook_loop(root: Path, output: Path) -> int:
    """Every word of the training forms, one after the other."""
    samples = []
    for path in sorted((root / "xml").glob("*.xml")):
        if path.stem not in aachen_forms("train"):
            continue
        for word in ElementTree.parse(path).getroot().iter("word"):
            identity = word.attrib["id"]
            form, group = "-".join(identity.split("-")[:2]), identity.split("-")[0]
            image = cv2.imread(str(root / "words" / group / form / f"{identity}.png"), cv2.IMREAD_GRAYSCALE)
            if image is not None:
                samples.append((notebook_fit(image), word.attrib["text"]))
    with open(output, "wb") as file:
        pickle.dump(samples, file)
    return len(samples)


def ours(root: Path, output: Path) -> int:
    """What `python -m gluon_htr.prepare` does."""
    spec, preprocessing = parse_spec(f"iam-words:{root}?split=train"), load_preset("notebook").preprocessing
    with Preparer() as preparer:
        made_from = preparer.later(origin, spec.text, spec.path, preprocessing)
        return save_cache(output, preparer.stores(open_spec(spec), preprocessing), made_from)[0]


def words_per_second(task: Callable[[Path, Path], int], root: Path, output: Path) -> float:
    """One run of `task`."""
    began = time.perf_counter()
    return task(root, output) / (time.perf_counter() - began)


def main() -> None:
    """Runs both in turn and prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="IAM, extracted: words/ and xml/")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    loop, own, opening = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "ours.pkl"
        notebook_loop(given.root, Path(folder) / "warm.pkl")  # both then find the files in the system's cache
        for _ in range(given.rounds):
            loop.append(words_per_second(notebook_loop, given.root, Path(folder) / "loop.pkl"))
            own.append(words_per_second(ours, given.root, cache))
            began = time.perf_counter()
            load_cache(cache)
            opening.append(time.perf_counter() - began)
            print(f"loop {loop[-1]:.0f} words/s, ours {own[-1]:.0f} words/s", flush=True)
    ratios = [b / a for a, b in zip(loop, own)]
    figures = {"loop_words_per_second": loop, "prepare_words_per_second": own, "ratio": ratios, "open_seconds": opening}
    rounded = {name: [round(value, 3) for value in values] for name, values in figures.items()}
    print(json.dumps({"benchmark": "preparation", "ratio_median": round(statistics.median(ratios), 3), **rounded}))


if __name__ == "__main__":
    main()
