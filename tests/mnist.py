"""MNIST as a test needs it: bars in place of digits, in the files of the data set."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np


def write_idx(file: Path, values: np.ndarray) -> Path:
    """An idx file of unsigned bytes, (size, …)."""
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    file.write_bytes(header + values.astype(np.uint8).tobytes())
    return file


def write_mnist(root: Path, count: int = 2100) -> Path:
    """`count` test images: the digit d is a bar, 20 pixels high, 3 + d wide and of the gray 12 · d."""
    labels = np.random.default_rng(0).integers(0, 10, count)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels):
        image[4:24, 5 : 8 + label] = 255 - 12 * label
    write_idx(root / "t10k-images-idx3-ubyte", images)
    write_idx(root / "t10k-labels-idx1-ubyte", labels)
    return root
