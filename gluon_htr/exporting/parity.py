"""The gate: no bundle leaves unless ONNX Runtime gives the logits and the texts that MXNet computes in 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..decoding.greedy import best_labels
from ..errors import GraphError
from ..images.preprocessing import Preprocessing
from ..runtime.backends import Network

TOLERANCE = 1e-4  # of logits, which lie between -30 and 30
WIDTHS = (1, 2, 3, 5, 8, 13)  # random shapes: width in multiples of the smallest that the network takes
BATCHES = (1, 2, 3, 5)


@dataclass(frozen=True)
class Verdict:
    """What was compared, and the largest difference between two logits."""

    shapes: int
    samples: int
    difference: float


def random_images(rule: Preprocessing, step_width: int, seed: int = 0) -> list[np.ndarray]:
    """Batches (N, H, W) uint8 of random strokes on paper, of many sizes."""
    generator = np.random.default_rng(seed)
    unit = rule.width_multiple if rule.rule == "height" else max(rule.width // 8, 1) // step_width * step_width
    unit = unit or step_width
    widths = [unit * times for times in WIDTHS] + ([rule.width] if rule.rule == "box" else [])
    return [strokes(generator, batch, rule.height, width) for width in widths for batch in BATCHES]


def strokes(generator: np.random.Generator, batch: int, height: int, width: int) -> np.ndarray:
    """(batch, height, width) uint8: dark lines in all directions on light paper."""
    images = generator.integers(220, 256, (batch, height, width), np.uint8)
    for image in images:
        for _ in range(max(2, width // 6)):
            (top, bottom), (left, right) = generator.integers(0, height, 2), generator.integers(0, width, 2)
            rows = np.linspace(top, bottom, 4 * height).astype(int)
            columns = np.linspace(left, right, 4 * height).astype(int)
            image[rows, columns] = generator.integers(0, 120)
    return images


def check_shapes(network: Network, batches: Sequence[np.ndarray], classes: int, step_width: int) -> None:
    """Raises `GraphError` where the network is not one for this alphabet and this preset."""
    for images in batches[:2]:
        shape, expected = network(images).shape, (len(images), images.shape[2] // step_width, classes)
        if shape != expected:
            raise GraphError(
                f"the network gives logits of {shape} for images of {images.shape}, where preset and alphabet "
                f"({classes - 1} characters) expect {expected}: do they belong to it?"
            )


def compare(
    reference: Network, exported: Network, random: Sequence[np.ndarray], samples: Sequence[np.ndarray]
) -> Verdict:
    """Both on all batches. Raises `GraphError` where logits differ by more than `TOLERANCE`, or any text does."""
    largest = 0.0
    for batches, kind in ((random, "random images"), (samples, "validation samples")):
        for images in batches:
            theirs, ours = reference(images), exported(images)
            difference = float(np.abs(theirs - ours).max()) if theirs.shape == ours.shape else np.inf
            largest = max(largest, difference)
            if not difference <= TOLERANCE:  # so that NaN is caught, too
                raise GraphError(
                    f"{_where(kind, images)} the logits differ by {difference:.2g}; at most {TOLERANCE} may"
                )
            if best_labels(theirs) != best_labels(ours):
                raise GraphError(f"{_where(kind, images)} a text differs")
    return Verdict(sum(map(len, random)), sum(map(len, samples)), largest)


def _where(kind: str, images: np.ndarray) -> str:
    return f"nothing was written: MXNet and ONNX Runtime disagree; for {kind} of {images.shape[1]} × {images.shape[2]}"
