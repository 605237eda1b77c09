"""The gate: no bundle leaves unless ONNX Runtime gives the logits and the texts that MXNet computes in 64 bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import GraphError
from ..images.preprocessing import Preprocessing
from ..runtime.backends import Network
from ..runtime.paths import best_path, confidence
from ..text.ctc import greedy

Explain = Callable[[np.ndarray], str]

RELATIVE = 1e-5  # of the largest logit: what single precision rounds, over all layers of a deep network, stays below
SURE = 1e-3  # of confidences
WIDTHS = (1, 2, 3, 5, 8, 13)  # random shapes: width in multiples of the smallest that the network takes
BATCHES = (1, 2, 3, 5)


@dataclass(frozen=True)
class Verdict:
    """What was compared, the largest difference between two logits, and how many texts differ by a tie."""

    shapes: int
    samples: int
    difference: float
    ties: int = 0


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
    reference: Network,
    exported: Network,
    random: Sequence[np.ndarray],
    samples: Sequence[np.ndarray],
    explain: Explain = lambda images: "",
) -> Verdict:
    """Run both on all batches. explain: names the layer at which they begin to differ on these images.

    Raises `GraphError` where logits differ by more than `RELATIVE` of the largest, or texts or confidences by more than
    that explains.
    """
    largest, ties = 0.0, 0
    for batches, kind in ((random, "random images"), (samples, "validation samples")):
        for images in batches:
            theirs, ours = reference(images), exported(images)
            difference, allowed = _difference(theirs, ours), RELATIVE * max(1.0, float(np.abs(theirs).max()))
            largest = max(largest, difference)
            if not difference <= allowed or not np.isfinite(difference):  # so that NaN is caught, too
                layer = explain(images)
                raise GraphError(
                    f"{_where(kind, images)} the logits differ by {difference:.2g}; at most {allowed:.2g} may. "
                    f"{f'The first layer that differs is {layer}' if layer else 'No single layer differs'}: "
                    "this is a defect of gluon_htr, please report it"
                )
            ties += _ties(theirs, ours, allowed, _where(kind, images))
    return Verdict(sum(map(len, random)), sum(map(len, samples)), largest, ties)


def _difference(theirs: np.ndarray, ours: np.ndarray) -> float:
    return float(np.abs(theirs - ours).max()) if theirs.shape == ours.shape else np.inf


def _ties(theirs: np.ndarray, ours: np.ndarray, allowed: float, where: str) -> int:
    """Count the texts that differ because two classes are as good as equal where they first do.

    Raises `GraphError` for another reason, and for confidences that differ.
    """
    ties = 0
    for reference, logits, text, other in zip(theirs, ours, greedy(theirs), greedy(ours)):
        if text == other:
            if abs(_confidence(reference) - _confidence(logits)) > SURE:
                raise GraphError(f"{where} a confidence differs by more than {SURE}")
            continue
        step = int(np.flatnonzero(reference.argmax(axis=1) != logits.argmax(axis=1))[0])
        if not reference[step].max() - reference[step, logits[step].argmax()] < 2 * allowed:
            raise GraphError(f"{where} a text differs")
        ties += 1
    return ties


def _confidence(logits: np.ndarray) -> float:
    return confidence(best_path(logits))


def _where(kind: str, images: np.ndarray) -> str:
    return f"nothing was written: MXNet and ONNX Runtime disagree; for {kind} of {images.shape[1]} × {images.shape[2]}"
