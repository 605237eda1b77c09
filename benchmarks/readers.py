"""Read the same lines with our models, with PP-OCRv6 small, which the wheel `rapidocr` brings, and with Tesseract.

    pip install 'rapidocr>=3.10'
    apt install tesseract-ocr tesseract-ocr-fra
    python benchmarks/readers.py --model latin-lines latin-lines-fast --data 'iam-lines:data/iam?split=validation' …

Each reader has one thread and takes one line at a time, in turn, so that CPU times are those of one run. PP-OCR reads
pictures of 48 pixels' height by its own preparation. Tesseract is asked for if its languages are given, `--tesseract
eng+fra`: it is told that the picture is one line, and its time includes the start of its process. Prints one JSON
object: of every set and reader the CER in percent and the CPU milliseconds of a line.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from itertools import islice

import numpy as np
from PIL import Image

import gluon_htr
from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec

Reader = Callable[[np.ndarray], str]  # (H, W) uint8 gray → text


def ours(model: str) -> Reader:
    """Return how one of our models reads, greedily."""
    recognizer = gluon_htr.load(model, threads=1)
    return lambda image: recognizer.read(image).text


def pp_ocr() -> Reader:
    """Return how PP-OCRv6 small reads a line that was found already."""
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={"Global.log_level": "critical", "Global.text_score": 0.0, **threads})

    def read(image: np.ndarray) -> str:
        colors = np.repeat(image[:, :, None], 3, 2)
        return "".join(engine(colors, use_det=False, use_cls=False, use_rec=True).txts or ())

    return read


def tesseract(languages: str) -> Reader:
    """Return how Tesseract reads a line."""
    command = ["tesseract", "-", "-", "--psm", "7", "-l", languages]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}

    def read(image: np.ndarray) -> str:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG", compress_level=1)
        done = subprocess.run(command, input=file.getvalue(), capture_output=True, check=True, env=environment)
        return done.stdout.decode("utf-8").strip()

    return read


def cpu_seconds() -> float:
    """Return what this process and those that it waited for have used."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def compare(samples: list[Sample], readers: dict[str, Reader]) -> dict[str, dict[str, float]]:
    """Let all readers read all lines."""
    texts: dict[str, list[str]] = {name: [] for name in readers}
    seconds = dict.fromkeys(readers, 0.0)
    for sample in samples:
        image = sample.image()
        for name, read in readers.items():
            begun = cpu_seconds()
            texts[name].append(read(image))
            seconds[name] += cpu_seconds() - begun
    truths = [sample.text for sample in samples]
    return {
        name: {
            "cer": round(100 * gluon_htr.cer(truths, texts[name]), 2),
            "cpu_ms": round(1000 * seconds[name] / len(samples), 1),
        }
        for name in readers
    }


def main() -> None:
    """Print the figures of each set as it is read, to standard error, and all at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["latin-lines-fast"])
    parser.add_argument("--data", nargs="+", required=True, metavar="SPEC")
    parser.add_argument("--tesseract", metavar="LANGUAGES", help="as of its option -l")
    parser.add_argument("--most", type=int, help="lines of each set, evenly over its order (default: all)")
    options = parser.parse_args()
    readers = {**{model: ours(model) for model in options.model}, "PP-OCRv6 small": pp_ocr()}
    if options.tesseract:
        readers[f"Tesseract {options.tesseract}"] = tesseract(options.tesseract)
    warm = np.full((64, 640), 255, np.uint8)
    for read in readers.values():
        read(warm)
    found = {}
    for spec in options.data:
        samples = list(open_spec(parse_spec(spec)))
        step = max(1, len(samples) // (options.most or len(samples)))
        found[spec] = compare(list(islice(samples[::step], options.most)), readers)
        print(spec, found[spec], file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
