"""Quantization of an ONNX graph with AMD Quark: int8, powers of two, QDQ.

    python quark_quantize.py VINT8 featurizer.onnx calibration.npy featurizer.int8.onnx

VINT8 is for Versal AI Edge Gen 2; XINT8 for the DPUs before it. Needs amd-quark, onnxruntime and torch.
"""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np


class Images:
    """Calibration data for Quark: images (N, H, W) uint8, one after the other, scaled to the network's input."""

    def __init__(self, images: np.ndarray, source: str) -> None:
        self._images, self._source = images, source
        self.reset_iter()

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._next, None)

    def reset_iter(self) -> None:
        self._next: Iterator[dict[str, np.ndarray]] = (
            {self._source: (np.float32(255) - image[None, None].astype(np.float32)) / np.float32(255)}
            for image in self._images
        )


def quantize(preset: str, model: Path, images: np.ndarray, output: Path, source: str = "image") -> None:
    """Quantize a graph to `output`. preset: `VINT8` or `XINT8`. images: (N, H, W) uint8."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before Quark imports ONNX Runtime, which would start it
    import quark.onnx

    config = copy.deepcopy(getattr(quark.onnx, f"{preset}_QCONFIG"))
    config.extra_options["UseRandomData"] = False  # VINT8's default would ignore the images
    quantizer = quark.onnx.ModelQuantizer(config)
    quantizer.quantize_model(str(model), str(output), Images(images, source))


def main() -> None:
    """Parse the command line and quantize."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("preset", choices=("VINT8", "XINT8"))
    parser.add_argument("model", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    quantize(given.preset, given.model, np.load(given.calibration), given.output)


if __name__ == "__main__":
    main()
