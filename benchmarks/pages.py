"""Whole pages: seconds and memory of reading them, in this process.

    python benchmarks/pages.py PAGE… [--model latin-lines-fast] [--threads 2] [--repeats 5] [--long 100]

Each page is read `--repeats` times after one warm-up, and the shortest time counts. Then the first page is read
`--long` times in a row: memory must not grow. A 12-megapixel copy of it shows the peak for a photograph. Prints one
JSON object as its last line; memory is the peak resident set in MB, so the parts run in the order of their size.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
from PIL import Image

from gluon_htr.images.decoding import decode
from gluon_htr.runtime.loading_pages import load_reader
from gluon_htr.runtime.page_reader import PageReader

MEGAPIXELS = 12


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", metavar="PAGE")
    parser.add_argument("--model", help="reads the lines")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--long", type=int, default=100)
    options = parser.parse_args()
    reader = load_reader(options.model, threads=options.threads)
    timed = [timing(reader, path, options.repeats) for path in options.pages]
    for one in timed:
        print(one)
    first = options.pages[0]
    growth = []
    for number in range(options.long):
        reader.read(first)
        if number in (options.long // 5, options.long - 1):
            growth.append(resident())
    print({"reads": options.long, "MB after a fifth": growth[0], "MB at the end": growth[-1]})
    photograph = enlarged(decode(first))
    reader.read(photograph)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"pages": timed, "resident": growth, "photograph": photograph.shape, "peak_mb": peak}))


def timing(reader: PageReader, path: str, repeats: int) -> dict[str, object]:
    """Read a page several times; the shortest time of finding lines alone, and of all."""
    page = decode(path)
    seconds, finding = [], []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        document = reader.read(path)
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
        reader.detector.find(page)
        finding.append(time.perf_counter() - began)
    best = {"seconds": round(min(seconds[1:]), 3), "finding": round(min(finding[1:]), 3)}
    return {"page": path.rsplit("/", 1)[-1], "lines": len(document.lines), **best}


def resident() -> int:
    """Memory of this process in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20


def enlarged(page: np.ndarray) -> np.ndarray:
    """Scale a page to the pixels of a photograph."""
    factor = (MEGAPIXELS * 1e6 / page.size) ** 0.5
    size = (round(page.shape[1] * factor), round(page.shape[0] * factor))
    return np.asarray(Image.fromarray(page).resize(size))


if __name__ == "__main__":
    main()
