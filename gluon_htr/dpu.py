"""Prepare a model for an AMD DPU: plan, split, quantize, evaluate and package it, without AMD's tools."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _command, _options, _progress
from .errors import MissingToolError

if TYPE_CHECKING:
    from .quantization.dpu.flow import Calibration
    from .quantization.dpu.graphs import StaticGraph
    from .quantization.dpu.recipes import Recipe


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(prog="gluon-htr dpu", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    step = steps.add_parser("plan", help="show which layers a DPU can run, and how to change the others")
    _model(step)
    step.add_argument(
        "--dpu", default="DPUCZDX8G-B4096", metavar="NAME", help="a DPU architecture, or `all` (default: %(default)s)"
    )
    _options.add_json(step)
    step = steps.add_parser("split", help="write the featurizer for the DPU and the tail for the CPU, of fixed sizes")
    _model(step)
    step.add_argument("--output", type=Path, required=True, metavar="DIR")
    step = steps.add_parser("quantize", help="write the featurizer in int8, as an ONNX graph with QDQ")
    _model(step)
    _recipe(step)
    step.add_argument("--quantizer", choices=("ours", "quark"), default="ours", help="default: %(default)s")
    step = steps.add_parser("evaluate", help="measure the cost of int8: CER of both networks, and noise by layer")
    _model(step)
    step.add_argument("quantized", type=Path, metavar="DIR", help="the output of quantize")
    _options.add_data(step, "data to compare on")
    _options.add_json(step)
    step = steps.add_parser("package", help="write a folder with everything that a board needs: all steps in one")
    _model(step)
    step.add_argument("--target", required=True, metavar="NAME", help="vek280, zynq or edge-gen2")
    _recipe(step)
    step = steps.add_parser("cpu", help="old name of `gluon-htr quantize`")
    _options.add_integer(step)
    return parser


def _model(step: argparse.ArgumentParser) -> None:
    step.add_argument("model", metavar="MODEL", help="a bundle, its name, or an ONNX file")
    step.add_argument(
        "--width", type=int, metavar="PIXELS", help="width of the images (default: the largest of the model)"
    )


def _recipe(step: argparse.ArgumentParser) -> None:
    _options.add_calibration(step)
    step.add_argument("--method", default="minmse", choices=("minmse", "nonoverflow"), help="default: %(default)s")
    step.add_argument("--equalization", action="store_true", help="apply cross-layer equalization first")
    step.add_argument("--bias-correction", action="store_true", help="apply bias correction")
    step.add_argument("--output", type=Path, required=True, metavar="DIR")


def plan(model: str, dpu: str = "DPUCZDX8G-B4096", width: int | None = None, as_json: bool = False) -> int:
    """Print one line per layer, the proportion of work on the DPU, and changes that would raise it."""
    from .quantization.dpu.flow import plan_content, plan_model
    from .quantization.dpu.tables import plan_table

    plans = plan_model(model, dpu, width)
    if as_json:
        print(json.dumps([plan_content(one) for one in plans], default=list))
    elif dpu == "all":
        print("\n".join(f"{one.dpu.name:24}{one.share:8.1%} of the MACs, in pieces: {one.pieces}" for one in plans))
    else:
        print(plan_table(plans[0]))
    return 0


def split(model: str, output: Path, width: int | None = None) -> int:
    """Write both parts of the network."""
    from .quantization.dpu.flow import split_model

    halves = split_model(model, output, width)
    print(f"{output}: featurizer.onnx {_sizes(halves.featurizer)}, tail.onnx {_sizes(halves.tail)}")
    return 0


def _sizes(network: StaticGraph) -> str:
    ends = network.model.graph.input[0].name, network.model.graph.output[0].name
    return " to ".join("x".join(map(str, network.shapes[name])) for name in ends)


def quantize(
    model: str, recipe: Recipe, data: Calibration, output: Path, width: int | None = None, quantizer: str = "ours"
) -> int:
    """Write both parts, and the featurizer in int8."""
    from .quantization.dpu.flow import quantize_model, quantize_model_with_quark

    if quantizer == "quark":
        images = quantize_model_with_quark(model, recipe, data, output, width, _progress.track)
        print(f"{output}: featurizer.int8.onnx by AMD Quark from {images} images")
        return 0
    scales = quantize_model(model, recipe, data, output, width, _progress.track)
    exact = "equal" if scales.exact else "may differ in halves"
    print(f"{output}: featurizer.int8.onnx from {scales.images} images; simulator and ONNX Runtime {exact}")
    return 0


def package(
    model: str, target: str, recipe: Recipe, calibration: Calibration, output: Path, width: int | None = None
) -> int:
    """Quantize and write the folder for a board."""
    from .quantization.dpu.flow import package_model

    package_model(model, target, recipe, calibration, output, width, _progress.track)
    print(f"{output}: for {target}; its README.md lists the commands for the board")
    return 0


def evaluate(model: str, quantized: Path, data: list[str], width: int | None = None, as_json: bool = False) -> int:
    """Read the same samples with both networks and print the cost of int8."""
    from .quantization.dpu.flow import evaluate_quantized
    from .quantization.dpu.tables import comparison_json, comparison_table

    compared, layers = evaluate_quantized(model, quantized, data, width, _progress.track)
    print(comparison_json(compared, layers) if as_json else comparison_table(compared, layers))
    return 0


def run(options: argparse.Namespace) -> int:
    """Run one step."""
    if options.step == "cpu":
        from . import quantize as command

        _command.say("gluon-htr dpu cpu is now called gluon-htr quantize; the old name still works")
        return command.run(options.model, options.calibration, options.output, options.images)
    if options.step == "plan":
        return plan(options.model, options.dpu, options.width, options.json)
    if options.step == "split":
        return split(options.model, options.output, options.width)
    if options.step == "evaluate":
        return evaluate(options.model, options.quantized, options.data, options.width, options.json)
    from .quantization.dpu.flow import Calibration
    from .quantization.dpu.recipes import Recipe

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
        raise MissingToolError(f"dpu needs the package {error.name}: pip install {error.name}") from None


if __name__ == "__main__":
    sys.exit(_command.main(main))
