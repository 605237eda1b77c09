"""Writes what a board needs into one folder."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np

from ...._storage import write_atomically
from ....bundles.schema import LICENSE
from ....errors import UsageError
from ..qdq import Quantized
from ..recipes import Recipe, write_halves, write_quantized
from ..sources import QuantizationSource
from ..splitting import Halves
from .readmes import BOARDS, readme
from .torch_source import to_torch


def check_target(target: str) -> None:
    """Raise `UsageError` where there is no such target."""
    if target not in BOARDS:
        raise UsageError(f"there is no target {target}; known are {', '.join(BOARDS)}")


def package(
    target: str,
    source: QuantizationSource,
    both: Halves,
    made: Quantized,
    recipe: Recipe,
    images: np.ndarray,
    folder: Path,
) -> None:
    """Write the folder of a target, one of `BOARDS`. images: (N, H, W) uint8, those of the calibration."""
    check_target(target)
    write_halves(both, folder)
    write_quantized(made, recipe, len(images), folder)
    write_atomically(folder / "reader.json", _reader(source))
    write_atomically(folder / "LICENSE.txt", source.bundle.files[LICENSE])
    shapes = ["x".join(map(str, both.featurizer.shapes[name])) for name in _ends(both)]
    write_atomically(folder / "README.md", readme(target, source.bundle.name, *shapes).encode())
    for name, content in (_program("dpu_runner.py") | _extras(target, both, images)).items():
        write_atomically(folder / name, content)


def _ends(both: Halves) -> tuple[str, str]:
    graph = both.featurizer.model.graph
    return graph.input[0].name, graph.output[0].name


def _reader(source: QuantizationSource) -> bytes:
    """`reader.json`: all that the runner has to know."""
    preprocessing = source.preprocessing
    about = {"name": source.bundle.name, "alphabet": source.bundle.reader.alphabet, "rule": preprocessing.mode}
    sizes = {"height": preprocessing.height, "width": preprocessing.width, "resample": preprocessing.resample}
    return msgspec.json.format(msgspec.json.encode(about | sizes), indent=1) + b"\n"


def _extras(target: str, both: Halves, images: np.ndarray) -> dict[str, bytes]:
    """Return what one target needs beside the rest."""
    if target == "zynq":
        text, weights = to_torch(both.featurizer)
        content = io.BytesIO()
        np.savez(content, **weights)  # type: ignore[arg-type]
        parts = {"featurizer.py": text.encode(), "featurizer.npz": content.getvalue()}
        return parts | _program("vai_quantize.py") | {"calibration.npy": _array(images)}
    if target == "edge-gen2":
        return _program("quark_quantize.py") | {"calibration.npy": _array(images)}
    return {}


def _array(images: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, images)
    return content.getvalue()


def _program(name: str) -> dict[str, bytes]:
    return {name: files(__package__).joinpath(name).read_bytes()}
