"""The second quantizer: AMD Quark, run in another process, since it prints much and needs its own package versions.

On the shipped featurizers it chooses the same scales as `qdq.py` and gives the same numbers (tests/quantization).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx

from ..._storage import write_atomically
from ...errors import GraphError, MissingToolError
from .graphs import StaticGraph
from .recipes import INTEGER

PRESET = "XINT8"  # int8 and powers of two, fused as DPUs do; VINT8 rounds before every ReLU, too


def quantize_with_quark(featurizer: StaticGraph, images: np.ndarray, folder: Path, preset: str = PRESET) -> None:
    """Write `featurizer.int8.onnx`. images: (N, H, W) uint8.

    Raises `MissingToolError` where Quark is not installed, `GraphError` with its last words where it fails.
    """
    for package in ("quark", "torch"):
        if find_spec(package) is None:
            raise MissingToolError(
                f"--quantizer quark needs the package {package}: pip install 'gluon-htr[quark]', in an environment "
                "of its own, since it needs numpy 2"
            )
    with tempfile.TemporaryDirectory() as temporary:
        given, calibration, made = (Path(temporary) / name for name in ("float.onnx", "images.npy", "int8.onnx"))
        onnx.save(featurizer.model, str(given))
        np.save(calibration, images)
        command = [sys.executable, "-m", "gluon_htr.quantization.dpu.targets.quark_quantize", preset]
        paths = [str(path) for path in (given, calibration, made)]
        done = subprocess.run([*command, *paths], capture_output=True, text=True, cwd=temporary, check=False)
        if done.returncode or not made.is_file():
            raise GraphError(f"AMD Quark failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}")
        write_atomically(folder / INTEGER, made.read_bytes())
