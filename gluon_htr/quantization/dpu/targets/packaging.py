"""Packaging of everything that a board needs into one folder."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np

from ...._storage import write_atomically
from ....bundles.schema import LICENSE
from ....errors import UsageError
from ....text.direction import is_right_to_left
from ..qdq import Quantized
from ..recipes import Recipe, write_halves, write_quantized
from ..sources import QuantizationSource
from ..splitting import Halves
from .readmes import BOARDS, readme
from .torch_source import to_torch


def check_target(target: str) -> None:
    """Raise `UsageError` for an unknown target."""
    if target not in BOARDS:
        raise UsageError(f"unknown target {target}; the targets are {', '.join(BOARDS)}")


def package(
    target: str,
    source: QuantizationSource,
    halves: Halves,
    quantized: Quantized,
    recipe: Recipe,
    images: np.ndarray,
    folder: Path,
) -> None:
    """Write the folder of a target, one of `BOARDS`. images: (N, H, W) uint8, those of the calibration."""
    check_target(target)
    if is_right_to_left(source.bundle.alphabet.characters):
        raise UsageError(f"{source.bundle.name} reads from right to left, and the program for a board does not")
    write_halves(halves, folder)
    write_quantized(quantized, recipe, len(images), folder)
    write_atomically(folder / "reader.json", _reader(source))
    write_atomically(folder / "LICENSE.txt", source.bundle.files[LICENSE])
    shapes = ["x".join(map(str, halves.featurizer.shapes[name])) for name in _ends(halves)]
    write_atomically(folder / "README.md", readme(target, source.bundle.name, *shapes).encode())
    for name, content in (_program("dpu_runner.py") | _extras(target, halves, images)).items():
        write_atomically(folder / name, content)


def _ends(halves: Halves) -> tuple[str, str]:
    graph = halves.featurizer.model.graph
    return graph.input[0].name, graph.output[0].name


def _reader(source: QuantizationSource) -> bytes:
    """Return `reader.json`: the settings of the runner."""
    preprocessing = source.preprocessing
    about = {"name": source.bundle.name, "alphabet": source.bundle.image_reader.alphabet, "rule": preprocessing.mode}
    sizes = {"height": preprocessing.height, "width": preprocessing.width, "resample": preprocessing.resample}
    return msgspec.json.format(msgspec.json.encode(about | sizes), indent=1) + b"\n"


def _extras(target: str, halves: Halves, images: np.ndarray) -> dict[str, bytes]:
    """Return the files that one target needs besides the others."""
    if target == "zynq":
        text, weights = to_torch(halves.featurizer)
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
