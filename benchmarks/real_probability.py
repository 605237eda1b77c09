#!/usr/bin/env python3
"""How well a model of single characters tells characters from other pictures, by `real_probability`.

    benchmarks/real_probability.py MODEL SPEC

Prints the area under the ROC curve of characters of the spec against noise, blank paper, two characters beside each
other, and halves of characters, as many as there are characters. A half that is read as another character with a
confidence above 0.9 is counted apart, since it may be one.
"""

from __future__ import annotations

import argparse

import numpy as np

import gluon_htr
from gluon_htr.datasets.spec import open_spec, parse_spec

SURE = 0.9


def area(real: np.ndarray, other: np.ndarray) -> float:
    """Return the probability that a real picture has more than another one, ties counted half."""
    order = np.sort(other)
    below, up_to = np.searchsorted(order, real, "left"), np.searchsorted(order, real, "right")
    return float((below + up_to).mean() / 2 / len(other))


def halves(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Cut a picture (H, W) in the middle, either way, and return a part."""
    rows, columns = (side // 2 for side in image.shape)
    parts = (image[:rows], image[rows:], image[:, :columns], image[:, columns:])
    return parts[random.integers(4)]


def main() -> None:
    """Print a line for each kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("spec")
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    options = parser.parse_args()
    classifier = gluon_htr.load(options.model, threads=1, precision=options.precision)
    random = np.random.default_rng(0)
    images = [sample.image() for sample in open_spec(parse_spec(options.spec))]
    partners = random.permutation(len(images))
    height = images[0].shape[0]
    others = {
        "noise": [random.integers(0, 256, image.shape).astype(np.uint8) for image in images],
        "blank paper": [
            np.clip(random.normal(random.uniform(150, 250), 3, image.shape), 0, 255).astype(np.uint8)
            for image in images
        ],
        "two characters": [np.hstack([image, images[k][:height]]) for image, k in zip(images, partners)],
        "halves": [halves(image, random) for image in images],
    }
    real = np.array([found.real_probability for _, found in classifier.stream(images)])
    print(f"{len(real)} characters: median {np.median(real):.3f}, {(real > 0.5).mean():.1%} above 0.5")
    for name, pictures in others.items():
        found = [each for _, each in classifier.stream(pictures)]
        values = np.array([each.real_probability for each in found])
        kept = np.array([each.confidence <= SURE for each in found])
        rest = f"; without {(~kept).mean():.0%} that are read surely: {area(real, values[kept]):.4f}"
        print(
            f"{name}: area {area(real, values):.4f}, median {np.median(values):.3f}, "
            f"{(values <= 0.5).mean():.1%} at most 0.5{rest if name == 'halves' else ''}"
        )


if __name__ == "__main__":
    main()
