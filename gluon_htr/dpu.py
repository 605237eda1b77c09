"""Takes a model to an AMD DPU: plans, splits, quantizes, evaluates and packages it, without AMD's tools."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from . import _command, _progress
from .errors import MissingToolError

if TYPE_CHECKING:
    import numpy as np

    from .quantization.dpu.graphs import Network
    from .quantization.dpu.planning import Plan
    from .quantization.dpu.recipes import Recipe
    from .quantization.dpu.sources import Source
    from .quantization.dpu.splitting import Halves
    from .quantization.evaluation import Comparison, Noise


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="gluon_htr.dpu", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    _plan_parser(steps)
    _split_parser(steps)
    _quantize_parser(steps)
    _evaluate_parser(steps)
    _package_parser(steps)
    _cpu_parser(steps)
    return parser


def _plan_parser(steps: Any) -> None:
    step = steps.add_parser("plan", help="which layers a DPU takes, and what to change for more")
    _model(step)
    step.add_argument("--dpu", default="DPUCZDX8G-B4096", metavar="NAME", help="or `all` (default: %(default)s)")
    step.add_argument("--json", action="store_true", help="for a program to read")


def _split_parser(steps: Any) -> None:
    step = steps.add_parser("split", help="the featurizer for the DPU and the tail for the CPU, of fixed sizes")
    _model(step)
    step.add_argument("--output", type=Path, required=True, metavar="DIR")


def _quantize_parser(steps: Any) -> None:
    step = steps.add_parser("quantize", help="the featurizer in int8, as an ONNX graph with QDQ")
    _model(step)
    _recipe(step)
    step.add_argument("--quantizer", choices=("ours", "quark"), default="ours", help="default: %(default)s")
    step.add_argument("--output", type=Path, required=True, metavar="DIR")


def _images(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "--calibration", action="append", required=True, metavar="SPEC", help="images without labels; may be repeated"
    )
    step.add_argument("--images", type=int, default=256, metavar="N", help="of them, at most (default: %(default)s)")


def _recipe(step: argparse.ArgumentParser) -> None:
    _images(step)
    step.add_argument("--method", default="minmse", choices=("minmse", "nonoverflow"), help="default: %(default)s")
    step.add_argument("--equalization", action="store_true", help="first make the channels of like range")
    step.add_argument("--bias-correction", action="store_true", help="let biases take over the mean error")


def _evaluate_parser(steps: Any) -> None:
    step = steps.add_parser("evaluate", help="what int8 costs: CER of both, and noise layer by layer")
    _model(step)
    step.add_argument("quantized", type=Path, metavar="DIR", help="that quantize has written")
    step.add_argument("--data", action="append", required=True, metavar="SPEC", help="may be repeated")
    step.add_argument("--json", action="store_true", help="for a program to read")


def _package_parser(steps: Any) -> None:
    step = steps.add_parser("package", help="a folder with everything that a board needs: all steps in one")
    _model(step)
    step.add_argument("--target", required=True, metavar="NAME", help="vek280, zynq or edge-gen2")
    _recipe(step)
    step.add_argument("--output", type=Path, required=True, metavar="DIR")


def _cpu_parser(steps: Any) -> None:
    step = steps.add_parser("cpu", help="a copy of the bundle with int8 for ordinary CPUs: --precision int8")
    step.add_argument("model", metavar="MODEL", help="a bundle, or its name")
    _images(step)
    step.add_argument("--output", type=Path, required=True, metavar="BUNDLE", help="a .zip, or a new folder")


def _model(step: argparse.ArgumentParser) -> None:
    step.add_argument("model", metavar="MODEL", help="a bundle, its name, or an ONNX file")
    step.add_argument("--width", type=int, metavar="PIXELS", help="of the images (default: the model's widest)")


def plan(given: argparse.Namespace) -> int:
    """One line a layer, the share of work on the DPU, and what would raise it."""
    from .quantization.dpu.limits import ARCHITECTURES, architecture
    from .quantization.dpu.planning import plan as make
    from .quantization.dpu.sources import open_network

    network = open_network(given.model, given.width)
    chosen = list(ARCHITECTURES.values()) if given.dpu == "all" else [architecture(given.dpu)]
    plans = [make(network, dpu) for dpu in chosen]
    if given.json:
        print(json.dumps([_content(one) for one in plans], default=list))
    elif given.dpu == "all":
        print("\n".join(f"{one.dpu.name:24}{one.share:8.1%} of the MACs, in pieces: {one.pieces}" for one in plans))
    else:
        print(_table(plans[0]))
    return 0


def _content(plan: Plan) -> dict[str, Any]:
    layers = [
        {**asdict(p.layer), "on": "DPU" if p.on_dpu else "CPU", "breaches": [asdict(b) for b in p.breaches]}
        for p in plan.places
    ]
    advice = [asdict(one) for one in plan.advice]
    figures = {"macs": plan.macs, "share": plan.share, "pieces": plan.pieces}
    return {"dpu": plan.dpu.name, "peak": plan.dpu.peak, **figures, "layers": layers, "advice": advice}


def _table(plan: Plan) -> str:
    rows = [
        f"{p.layer.name[:28]:29}{p.layer.operator:12}{'x'.join(map(str, p.layer.shape)):>16}"
        f"{p.layer.parameters:>11,}{p.layer.macs:>14,}  {'DPU' if p.on_dpu else f'CPU: {p.breaches[0]}'}"
        for p in plan.places
    ]
    advice = [f"to bring {one.gain:.1%} more there: {one.layer}: {one.remedy}" for one in plan.advice]
    return "\n".join([
        f"{'layer':29}{'operator':12}{'output':>16}{'parameters':>11}{'MACs':>14}  runs on",
        *rows,
        f"{plan.dpu.name}: {plan.share:.1%} of {plan.macs:,} MACs on the DPU, in pieces: {plan.pieces}",
        *advice,
    ])  # fmt: skip


def split(given: argparse.Namespace) -> int:
    """Writes both halves."""
    from .quantization.dpu.recipes import write_halves
    from .quantization.dpu.sources import open_source
    from .quantization.dpu.splitting import halves

    both = halves(open_source(given.model, given.width))
    write_halves(both, given.output)
    print(f"{given.output}: featurizer.onnx {_sizes(both.featurizer)}, tail.onnx {_sizes(both.tail)}")
    return 0


def _sizes(network: Network) -> str:
    ends = network.model.graph.input[0].name, network.model.graph.output[0].name
    return " to ".join("x".join(map(str, network.shapes[name])) for name in ends)


def quantize(given: argparse.Namespace) -> int:
    """Writes both halves and the featurizer in int8."""
    from .quantization.dpu.quark import quantize_with_quark
    from .quantization.dpu.recipes import quantized_by, write_halves, write_quantized

    _, recipe, both, images = _prepared(given)
    if given.quantizer == "quark":
        quantize_with_quark(both.featurizer, images, given.output)
        write_halves(both, given.output)
        print(f"{given.output}: featurizer.int8.onnx by AMD Quark from {len(images)} images")
        return 0
    made = quantized_by(recipe, both.featurizer, images)
    write_halves(both, given.output)
    scales = write_quantized(made, recipe, len(images), given.output)
    exact = "equal" if scales.exact else "may differ in halves"
    print(f"{given.output}: featurizer.int8.onnx from {scales.images} images; simulator and ONNX Runtime {exact}")
    return 0


def _prepared(given: argparse.Namespace) -> tuple[Source, Recipe, Halves, np.ndarray]:
    """What quantization starts from."""
    from .quantization.calibration import read_images
    from .quantization.dpu.recipes import Recipe, prepared
    from .quantization.dpu.sources import open_source
    from .quantization.dpu.splitting import halves

    source = open_source(given.model, given.width)
    recipe = Recipe(given.method, given.equalization, given.bias_correction)
    both = prepared(recipe, halves(source))
    return source, recipe, both, read_images(given.calibration, source.rule, _progress.track, given.images)


def package(given: argparse.Namespace) -> int:
    """Quantizes and writes the folder."""
    from .quantization.dpu.recipes import quantized_by
    from .quantization.dpu.targets import packaging

    packaging.check_target(given.target)
    source, recipe, both, images = _prepared(given)
    made = quantized_by(recipe, both.featurizer, images)
    packaging.package(given.target, source, both, made, recipe, images, given.output)
    print(f"{given.output}: for {given.target}; its README.md says what to run there")
    return 0


def evaluate(given: argparse.Namespace) -> int:
    """Reads the same samples with both networks."""
    from .datasets.loading import load_data
    from .quantization.calibration import stacked
    from .quantization.dpu.recipes import read_quantized
    from .quantization.dpu.sources import open_source
    from .quantization.evaluation import chained, compare, noise

    source = open_source(given.model, given.width)
    before, after, tail = read_quantized(given.quantized)
    alphabet = source.bundle.alphabet
    store = load_data(given.data, source.rule, track=_progress.track, form=alphabet.normalization)
    found = compare(chained(before, tail), chained(after, tail), store, alphabet)
    layers = noise(before, after, stacked(store))
    print(_comparison_json(found, layers) if given.json else _comparison(found, layers))
    return 0


def _comparison_json(found: Comparison, layers: list[Noise]) -> str:
    cards = {"float": msgspec.to_builtins(found.before), "int8": msgspec.to_builtins(found.after)}
    content = {**cards, "points": found.cost, "changed": found.changed, "layers": [asdict(one) for one in layers]}
    return msgspec.json.encode(content).decode()


def _comparison(found: Comparison, layers: list[Noise]) -> str:
    return "\n".join([
        *(f"{one.tensor:29}{one.decibels:8.2f} dB" for one in layers),
        f"CER float  {found.before.cer}",
        f"CER int8   {found.after.cer}",
        f"costs {found.cost:.2f} points; {found.changed} of {found.before.samples} texts are others",
    ])  # fmt: skip


def cpu(given: argparse.Namespace) -> int:
    """Writes the bundle anew."""
    from .bundles.writer import check_target
    from .datasets.loading import load_data
    from .quantization.calibration import evenly
    from .quantization.dpu.sources import open_source
    from .quantization.int8_cpu import quantize_for_cpu, write_integer_bundle

    check_target(given.output)
    bundle = open_source(given.model).bundle
    store = load_data(given.calibration, bundle.reader.preprocessing.fit, track=_progress.track)
    model = quantize_for_cpu(bundle.model, evenly(store, given.images))
    write_integer_bundle(bundle, model, given.output)
    print(f"{given.output}: read with it by gluon-htr predict --model {given.output} --precision int8")
    return 0


STEPS = {"plan": plan, "split": split, "quantize": quantize, "evaluate": evaluate, "package": package, "cpu": cpu}


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and calls one step."""
    given = parser().parse_args(arguments)
    try:
        return STEPS[given.step](given)
    except ModuleNotFoundError as error:
        raise MissingToolError(f"this needs the package {error.name}: pip install {error.name}") from None


if __name__ == "__main__":
    sys.exit(_command.main(main))
