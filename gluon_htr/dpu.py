"""Take a model to an AMD DPU: plan, split, quantize, evaluate and package it, without AMD's tools."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _command, _options, _progress
from ._storage import only_writer
from .errors import MissingToolError
from .quantize import run as quantize_for_cpu

if TYPE_CHECKING:
    from .quantization.dpu.flow import Calibration
    from .quantization.dpu.recipes import Recipe


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="gluon-htr dpu", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    step = steps.add_parser("plan", help="which layers a DPU takes, and what to change for more")
    _options.add_network(step)
    step.add_argument("--dpu", default="DPUCZDX8G-B4096", metavar="NAME", help="or `all` (default: %(default)s)")
    _options.add_json(step)
    step = steps.add_parser("split", help="the featurizer for the DPU and the tail for the CPU, of fixed sizes")
    _options.add_network(step)
    step.add_argument("--output", type=Path, required=True, metavar="DIR")
    step = steps.add_parser("quantize", help="the featurizer in int8, as an ONNX graph with QDQ")
    _options.add_recipe(step)
    step.add_argument("--quantizer", choices=("ours", "quark"), default="ours", help="default: %(default)s")
    step = steps.add_parser("evaluate", help="the cost of int8: CER of both networks, and noise layer by layer")
    _options.add_network(step)
    step.add_argument("quantized", type=Path, metavar="DIR", help="the output of quantize")
    _options.add_data(step, "data to compare on")
    _options.add_json(step)
    step = steps.add_parser("package", help="a folder with everything that a board needs: all steps in one")
    step.add_argument("--target", required=True, metavar="NAME", help="vek280, zynq or edge-gen2")
    _options.add_recipe(step)
    _options.add_integer(steps.add_parser("cpu", help="now `gluon-htr quantize`"))
    return parser


def plan(model: str, dpu: str = "DPUCZDX8G-B4096", width: int | None = None, as_json: bool = False) -> int:
    """Print one line a layer, the share of work on the DPU, and what would raise it."""
    from .quantization.dpu.flow import plan_content, plan_model
    from .quantization.dpu.tables import plan_overview, plan_table

    plans = plan_model(model, dpu, width)
    if as_json:
        print(json.dumps([plan_content(one) for one in plans], default=list))
        return 0
    print(plan_table(plans[0]) if dpu != "all" else plan_overview(plans))
    return 0


def split(model: str, output: Path, width: int | None = None) -> int:
    """Write both halves."""
    from .quantization.dpu.flow import split_model
    from .quantization.dpu.tables import sizes

    halves = split_model(model, output, width)
    print(f"{output}: featurizer.onnx {sizes(halves.featurizer)}, tail.onnx {sizes(halves.tail)}")
    return 0


def quantize(
    model: str,
    recipe: Recipe,
    calibration: Calibration,
    output: Path,
    width: int | None = None,
    quantizer: str = "ours",
) -> int:
    """Write both halves and the featurizer in int8."""
    from .quantization.dpu.flow import quantize_model, quantize_model_with_quark

    if quantizer == "quark":
        images = quantize_model_with_quark(model, recipe, calibration, output, width, _progress.track)
        print(f"{output}: featurizer.int8.onnx by AMD Quark from {images} images")
        return 0
    scales = quantize_model(model, recipe, calibration, output, width, _progress.track)
    exact = "equal" if scales.exact else "may differ in halves"
    print(f"{output}: featurizer.int8.onnx from {scales.images} images; simulator and ONNX Runtime {exact}")
    return 0


def package(
    model: str, target: str, recipe: Recipe, calibration: Calibration, output: Path, width: int | None = None
) -> int:
    """Quantize and write the folder."""
    from .quantization.dpu.flow import package_model

    package_model(model, target, recipe, calibration, output, width, _progress.track)
    print(f"{output}: for {target}; its README.md says what to run there")
    return 0


def evaluate(model: str, quantized: Path, data: list[str], width: int | None = None, as_json: bool = False) -> int:
    """Read the same samples with both networks and print what int8 costs."""
    from .quantization.dpu import flow, tables

    if flow.finds_lines(model):
        matches = flow.evaluate_quantized_layout(model, quantized, data, width, _progress.track)
        print(tables.layout_json(matches) if as_json else tables.layout_table(matches))
        return 0
    compared, layers = flow.evaluate_quantized(model, quantized, data, width, _progress.track)
    print(tables.comparison_json(compared, layers) if as_json else tables.comparison_table(compared, layers))
    return 0


def run(options: argparse.Namespace) -> int:
    """Run one step."""
    if options.step == "cpu":
        _command.say("gluon-htr dpu cpu is now gluon-htr quantize: the old name still works")
        return quantize_for_cpu(options.model, options.calibration, options.output, options.images)
    if options.step == "plan":
        return plan(options.model, options.dpu, options.width, options.json)
    if options.step == "evaluate":
        return evaluate(options.model, options.quantized, options.data, options.width, options.json)
    from .quantization.dpu.flow import Calibration
    from .quantization.dpu.recipes import Recipe

    with only_writer(options.output):
        if options.step == "split":
            return split(options.model, options.output, options.width)
        recipe = Recipe(options.method, options.equalization, options.bias_correction)
        calibration = Calibration(options.calibration, options.images)
        if options.step == "quantize":
            return quantize(options.model, recipe, calibration, options.output, options.width, options.quantizer)
        return package(options.model, options.target, recipe, calibration, options.output, options.width)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run one step."""
    try:
        return run(parser().parse_args(arguments))
    except ModuleNotFoundError as error:
        raise MissingToolError(f"this needs the package {error.name}: pip install {error.name}") from None


if __name__ == "__main__":
    sys.exit(_command.main(main))
