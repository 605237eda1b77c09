"""Takes a model to an AMD DPU: plans, splits, quantizes, evaluates and packages it, without AMD's tools."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import _door
from .errors import MissingToolError

if TYPE_CHECKING:
    from .quantization.planning import Plan


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="gluon_htr.dpu", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    _plan_parser(steps)
    return parser


def _plan_parser(steps: Any) -> None:
    step = steps.add_parser("plan", help="which layers a DPU takes, and what to change for more")
    _model(step)
    step.add_argument("--dpu", default="DPUCZDX8G-B4096", metavar="NAME", help="or `all` (default: %(default)s)")
    step.add_argument("--json", action="store_true", help="for a program to read")


def _model(step: argparse.ArgumentParser) -> None:
    step.add_argument("model", metavar="MODEL", help="a bundle, its name, or an ONNX file")
    step.add_argument("--width", type=int, metavar="PIXELS", help="of the images (default: the model's widest)")


def plan(given: argparse.Namespace) -> int:
    """One line a layer, the share of work on the DPU, and what would raise it."""
    from .quantization.limits import ARCHITECTURES, architecture
    from .quantization.models import open_network
    from .quantization.planning import plan as make

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


STEPS = {"plan": plan}


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and calls one step."""
    given = parser().parse_args(arguments)
    try:
        return STEPS[given.step](given)
    except ModuleNotFoundError as error:
        raise MissingToolError(f"this needs the package {error.name}: pip install {error.name}") from None


if __name__ == "__main__":
    sys.exit(_door.main(main))
