#!/usr/bin/env python3
"""How often a reader warns of pictures that are one upright line, and of pictures that are not.

    benchmarks/picture_warnings.py MODEL SPEC ...

For each spec: the proportion of its lines with a warning, of lines that are straightened and how their errors change,
and of lines upside down, on their side, and two to three below each other, with the right warning.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from rapidfuzz.distance import Levenshtein

import gluon_htr
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.images.framing import frame_line, ink_bounds
from gluon_htr.images.polarity import dark_on_light
from gluon_htr.images.tilt import tilt


def stacked(lines: list[np.ndarray]) -> np.ndarray:
    """Put lines below each other, from the left, on paper of the median gray of each."""
    width = max(line.shape[1] for line in lines)
    padded = [np.pad(one, ((0, 0), (0, width - one.shape[1])), constant_values=int(np.median(one))) for one in lines]
    return np.vstack(padded)


def straightened(recognizer: gluon_htr.Recognizer, images: list[np.ndarray], texts: list[str]) -> Iterator[str]:
    """Describe the lines that are straightened, and their errors as they are and straight."""
    found = before = after = 0
    for image, text in zip(images, texts):
        dark = dark_on_light(image)
        rows, columns = ink_bounds(dark)
        if tilt(dark[rows, columns]):
            found += 1
            for is_straight, cropped in ((False, dark[rows, columns]), (True, frame_line(dark)[0])):
                errors = Levenshtein.distance(recognizer.read(cropped, whole=True).text, text)
                before, after = (before, after + errors) if is_straight else (before + errors, after)
    yield f"{found} straightened" + (f", errors {before} -> {after}" if found else "")


def main() -> None:
    """Print a line for each spec."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("specs", nargs="+", metavar="SPEC")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="turn and stack every Nth line only")
    options = parser.parse_args()
    recognizer = gluon_htr.load(options.model, threads=1)
    for spec in options.specs:
        samples = list(open_spec(parse_spec(spec)))
        images = [sample.image() for sample in samples]
        warned = [(k, read.warnings) for k, (_, read) in enumerate(recognizer.stream(images)) if read.warnings]
        print(f"{spec}: {len(images)} lines, warned of {len(warned)} ({len(warned) / len(images):.2%})", flush=True)
        for k, warnings in warned:
            print(f"  {samples[k].id}: {', '.join(warnings)}: {samples[k].text!r}")
        print("  " + ", ".join(straightened(recognizer, images, [sample.text for sample in samples])))
        some = images[:: options.every]
        triples = [some[k : k + 2 + k % 2] for k in range(0, len(some) - 2, 3)]
        for name, wanted, changed in (
            ("upside down", "upside-down", [np.rot90(image, 2) for image in some]),
            ("on their side", "sideways", [np.rot90(image, 1 + 2 * (k % 2)) for k, image in enumerate(some)]),
            ("two or three lines", "several-lines", [stacked(lines) for lines in triples]),
        ):
            right = sum(wanted in read.warnings for _, read in recognizer.stream(changed))
            print(f"  {name}: {right} of {len(changed)} ({right / max(len(changed), 1):.0%})", flush=True)


if __name__ == "__main__":
    main()
