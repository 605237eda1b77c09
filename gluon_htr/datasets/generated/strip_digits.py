"""The single digits of strips: those of MNIST, from its official files.

`validation` is always the last 2,000 of the 10,000 test images (`t10k`), so that scores are comparable and these are
never trained on. `train` is the 60,000 training images if they have been downloaded, and else the first 8,000 of the
test images.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ...errors import DataError
from ..idx import read_idx

HELD_OUT = 2000  # of the test images
INK = 32  # gray levels above the ground: fainter pixels do not belong to the box of a digit

MnistSplit = Literal["train", "validation"]


def read_mnist(root: Path, split: MnistSplit) -> tuple[np.ndarray, np.ndarray]:
    """Read images (N, 28, 28) uint8, 255 is ink, and their labels (N,) uint8, 0 to 9.

    Raises `DataError` if a file is missing or broken, or if the two do not match.
    """
    if split == "train" and _file(root, "train-images", 3):
        return _read_part(root, "train")
    images, labels = _read_part(root, "t10k")
    if len(labels) <= HELD_OUT:
        raise DataError(f"{root} has {len(labels)} test images, of which the last {HELD_OUT} are held out: too few")
    kept = slice(None, -HELD_OUT) if split == "train" else slice(-HELD_OUT, None)
    return images[kept], labels[kept]


def _read_part(root: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (_read(root, f"{part}-{kind}", size) for kind, size in (("images", 3), ("labels", 1)))
    if len(images) != len(labels) or not len(labels):
        raise DataError(f"{root} has {len(images)} images of {part} and {len(labels)} labels: fetch them again")
    if labels.max(initial=0) > 9 or not (images >= INK).any(axis=(1, 2)).all():
        raise DataError(f"{root} has labels of {part} above 9, or images without ink: these are not MNIST's digits")
    return images, labels


def _read(root: Path, name: str, dimensions: int) -> np.ndarray:
    file = _file(root, name, dimensions)
    if file is None:
        raise DataError(
            f"{root} has no {name}-idx{dimensions}-ubyte, with or without .gz: "
            "run gluon-htr download --dataset mnist first"
        )
    return read_idx(file, dimensions)


def _file(root: Path, name: str, dimensions: int) -> Path | None:
    """Find the file, plain or gzipped; some copies have a dot for the second hyphen."""
    names = (f"{name}{mark}idx{dimensions}-ubyte{ending}" for mark in "-." for ending in ("", ".gz"))
    return next((root / name for name in names if (root / name).is_file()), None)
