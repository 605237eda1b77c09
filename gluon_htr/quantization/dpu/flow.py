"""The steps from a model to a DPU, as the command `dpu` runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.catalog import find_bundle
from ...bundles.reader import read_description
from ...bundles.run_folder import is_run
from ...datasets.loading import Track, load_data, untracked
from ...errors import UsageError
from ..calibration import IMAGES, read_images, stacked
from .evaluation import Comparison, Noise, chained, compare, noise
from .limits import ARCHITECTURES, architecture
from .pages import LayoutComparison, compare_layout, quantize_layout
from .planning import Plan, plan
from .quark import quantize_with_quark
from .recipes import (
    SCALES,
    Recipe,
    Scales,
    prepared,
    quantized_by,
    quantized_width,
    read_quantized,
    write_halves,
    write_quantized,
)
from .sources import QuantizationSource, open_network, open_source
from .splitting import Halves, halves
from .targets import packaging


@dataclass(frozen=True)
class Calibration:
    """Images to choose scales on: specs, and the largest number of images."""

    specs: Sequence[str]
    max_images: int = IMAGES


def plan_model(model: str, dpu: str, width: int | None = None) -> list[Plan]:
    """Plan a bundle or an ONNX file for one architecture, or for `all`. Raises `UsageError` for an unknown one."""
    network = open_network(model, width)
    chosen = list(ARCHITECTURES.values()) if dpu == "all" else [architecture(dpu)]
    return [plan(network, one) for one in chosen]


def plan_content(planned: Plan) -> dict[str, Any]:
    """Convert a plan to JSON values."""
    layers = [
        {**asdict(place.layer), "on": "DPU" if place.on_dpu else "CPU", "breaches": list(map(asdict, place.breaches))}
        for place in planned.places
    ]
    figures = {"macs": planned.macs, "share": planned.share, "pieces": planned.pieces}
    advice = [asdict(one) for one in planned.advice]
    return {"dpu": planned.dpu.name, "peak": planned.dpu.peak, **figures, "layers": layers, "advice": advice}


def split_model(model: str, output: Path, width: int | None = None) -> Halves:
    """Write `featurizer.onnx` and `tail.onnx` of fixed sizes into a folder."""
    parts = halves(open_source(model, width))
    write_halves(parts, output)
    return parts


def quantize_model(
    model: str,
    recipe: Recipe,
    calibration: Calibration,
    output: Path,
    width: int | None = None,
    track: Track = untracked,
) -> Scales:
    """Write both halves, the featurizer in int8 and its scales into a folder; of a network that finds lines, the whole
    network.
    """
    if finds_lines(model):
        return quantize_layout(model, recipe, calibration.specs, calibration.max_images, output, width, track)
    _, parts, images = _prepared(model, recipe, calibration, width, track)
    quantized = quantized_by(recipe, parts.featurizer, images)
    write_halves(parts, output)
    return write_quantized(quantized, recipe, len(images), output)


def quantize_model_with_quark(
    model: str,
    recipe: Recipe,
    calibration: Calibration,
    output: Path,
    width: int | None = None,
    track: Track = untracked,
) -> int:
    """Write the same files with the quantizer of AMD Quark; return the number of images that it was calibrated on.

    Raises `MissingToolError` without Quark, `UsageError` for a recipe with parts that only the own quantizer has.
    """
    if recipe.bias_correction or recipe.method != Recipe().method:
        raise UsageError("AMD Quark chooses its scales itself: leave out --method and --bias-correction")
    _, parts, images = _prepared(model, recipe, calibration, width, track)
    quantize_with_quark(parts.featurizer, images, output)
    (output / SCALES).unlink(missing_ok=True)  # of another quantization into the same folder
    write_halves(parts, output)
    return len(images)


def package_model(
    model: str,
    target: str,
    recipe: Recipe,
    calibration: Calibration,
    output: Path,
    width: int | None = None,
    track: Track = untracked,
) -> None:
    """Quantize, and write the folder that goes to a board. Raises `UsageError` for an unknown target."""
    packaging.check_target(target)
    source, parts, images = _prepared(model, recipe, calibration, width, track)
    quantized = quantized_by(recipe, parts.featurizer, images)
    packaging.package(target, source, parts, quantized, recipe, images, output)


def evaluate_quantized(
    model: str, folder: Path, data: Sequence[str], width: int | None = None, track: Track = untracked
) -> tuple[Comparison, list[Noise]]:
    """Read the same samples with the float and the quantized network; also return the noise layer by layer.

    Raises `UsageError` if the folder was quantized for images of another width.
    """
    before, after, tail = read_quantized(folder)
    source = open_source(model, quantized_width(before, folder, width))
    alphabet = source.bundle.alphabet
    store = load_data(data, source.preprocessing, track=track, form=alphabet.normalization)
    single = source.bundle.description.task == "characters"
    compared = compare(chained(before, tail), chained(after, tail), store, alphabet, single)
    return compared, noise(before, after, stacked(store))


def finds_lines(model: str) -> bool:
    """Test whether a model is a bundle that finds lines."""
    path = find_bundle(model) or Path(model)
    return path.suffix != ".onnx" and not is_run(path) and read_description(path).task == "layout"


def evaluate_quantized_layout(
    model: str, folder: Path, data: Sequence[str], width: int | None = None, track: Track = untracked
) -> LayoutComparison:
    """Find the lines of the same pages with the float and the quantized network."""
    return compare_layout(model, folder, data, width, track)


def _prepared(
    model: str, recipe: Recipe, calibration: Calibration, width: int | None, track: Track
) -> tuple[QuantizationSource, Halves, np.ndarray]:
    source = open_source(model, width)
    parts = prepared(recipe, halves(source))
    images = read_images(calibration.specs, source.preprocessing, track, calibration.max_images)
    return source, parts, images
