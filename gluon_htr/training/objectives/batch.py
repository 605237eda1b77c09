"""A batch of samples; its labels depend on the objective."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def _no_lengths() -> np.ndarray:
    return np.zeros(0, np.int32)


def _no_images() -> np.ndarray:
    return np.zeros((0, 1, 1), np.uint8)


def _no_targets() -> np.ndarray:
    return np.zeros((0, 0, 0), np.float32)


@dataclass(frozen=True)
class Batch:
    """Samples that are trained on together.

    images: (N, H, W) uint8, 0 = black ink, 255 = paper.
    labels, by objective: `ctc` (N, L) int32, padded with -1 to the longest label of the batch; `cross-entropy` (N,)
    int32; `pixels` (N, H, W) int32. In the last two, -1 does not count.
    lengths: of the labels of `ctc`, (N,) int32; empty otherwise.
    unlabeled, plain, others: (M, H, W) uint8, characters without labels, the same not augmented, and pictures that are
    no characters; for training against a generator.
    targets: a teacher's posteriors of lines or words, (N, T, C) float32; empty without one. taught: its share of the
    loss, 0..1.
    weight: of its loss, among the parts of one batch in several processes.
    """

    images: np.ndarray
    labels: np.ndarray
    lengths: np.ndarray = field(default_factory=_no_lengths)
    weight: float = 1.0
    unlabeled: np.ndarray = field(default_factory=_no_images)
    plain: np.ndarray = field(default_factory=_no_images)
    others: np.ndarray = field(default_factory=_no_images)
    targets: np.ndarray = field(default_factory=_no_targets)
    taught: float = 0.0
