"""Our detector of lines beside kraken's default segmenter, on the same pages, in turn within one run.

    python benchmarks/layout.py --data 'pages:data/pages/hooker?split=validation' … --kraken ENV/bin/python

Kraken lives in an environment of its own (`pip install kraken`; its wheel has the model `blla.mlmodel`). Both get the
same gray pages. CPU seconds are those of the process and its threads, without the time for decoding. F1 by polygons and
by baselines are those of `gluon_htr/pages/scoring.py`. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.datasets.layout.sample import LayoutSample
from gluon_htr.images.polarity import dark_on_light
from gluon_htr.pages.scoring import Matches, Place, match
from gluon_htr.runtime.detector import Detector
from gluon_htr.runtime.loading_pages import load_detector

#: Run by kraken's Python: reads names of images, one a line, and answers each with its lines and CPU seconds as JSON.
SEGMENT = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from PIL import Image
from kraken import blla
for name in sys.stdin:
    image = Image.open(name.strip()).convert("L")
    image.load()
    began = time.process_time()
    found = blla.segment(image)
    spent = time.process_time() - began
    lines = [[line.boundary, line.baseline] for line in found.lines if line.boundary and line.baseline]
    print(json.dumps([lines, spent]), flush=True)
"""


class Kraken:
    """Kraken's default segmenter in a process of its own."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-c", SEGMENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def find(self, page: np.ndarray, folder: Path) -> tuple[list[Place], float]:
        """Lines of a page, and CPU seconds."""
        path = folder / "page.png"
        Image.fromarray(page).save(path)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        lines, spent = json.loads(self._process.stdout.readline())
        return [(np.array(polygon, float), np.array(baseline, float)) for polygon, baseline in lines], spent


def ours(detector: Detector, page: np.ndarray) -> tuple[list[Place], float]:
    """The same of our detector."""
    began = time.process_time()
    found = detector.find(dark_on_light(page))
    spent = time.process_time() - began
    return [(line.polygon, line.baseline) for line in found], spent


def figures(matches: list[Matches], seconds: list[float]) -> dict[str, float]:
    """F1 over all lines, and CPU seconds a page."""
    total = sum(matches, Matches())
    return {
        "f1": round(total.f1, 4),
        "baseline_f1": round(total.baseline_f1, 4),
        "lines": total.truth,
        "found": total.found,
        "cpu_seconds_a_page": round(float(np.mean(seconds)), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", action="append", required=True, metavar="SPEC")
    parser.add_argument("--layout", help="our model (default: the built-in one)")
    parser.add_argument("--kraken", metavar="PYTHON", help="Python of an environment with kraken (default: ours alone)")
    parser.add_argument("--pages", type=int, default=1000, help="at most so many pages of each spec")
    options = parser.parse_args()
    detector = load_detector(options.layout)
    kraken = Kraken(options.kraken) if options.kraken else None
    results: dict[str, dict[str, tuple[list[Matches], list[float]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for spec in options.data:
            for sample in list(LayoutReader(spec))[: options.pages]:
                compare(sample, detector, kraken, Path(folder), results)
    report = {name: {who: figures(*parts) for who, parts in one.items()} for name, one in results.items()}
    for name, one in report.items():
        print(name, one)
    parts = list(results.values())
    everything = {
        who: figures([m for one in parts for m in one[who][0]], [t for one in parts for t in one[who][1]])
        for who in parts[0]
    }
    print(json.dumps({"all": everything, "collections": report}))


def compare(
    sample: LayoutSample,
    detector: Detector,
    kraken: Kraken | None,
    folder: Path,
    results: dict[str, dict[str, tuple[list[Matches], list[float]]]],
) -> None:
    """Find the lines of a page with both."""
    page = sample.image()
    found = {"ours": ours(detector, page)}
    if kraken:
        found["kraken"] = kraken.find(page, folder)
    for who, (lines, seconds) in found.items():
        matches, spent = results.setdefault(sample.collection, {}).setdefault(who, ([], []))
        matches.append(match(sample.places, lines))
        spent.append(seconds)


if __name__ == "__main__":
    main()
