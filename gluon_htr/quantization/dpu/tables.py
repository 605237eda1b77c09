"""Plans and comparisons as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import msgspec

from ...pages.scoring import Matches
from .evaluation import Comparison, Noise
from .graphs import StaticGraph
from .pages import LayoutComparison
from .planning import Plan


def plan_table(plan: Plan) -> str:
    """Format a plan: one line per layer, the proportion of the work on the DPU, and what would raise it."""
    rows = [
        f"{place.layer.name[:28]:29}{place.layer.operator:12}{'x'.join(map(str, place.layer.shape)):>16}"
        f"{place.layer.parameters:>11,}{place.layer.macs:>14,}  "
        f"{'DPU' if place.on_dpu else f'CPU: {place.breaches[0]}'}"
        for place in plan.places
    ]
    advice = [f"to bring {one.gain:.1%} more there: {one.layer}: {one.remedy}" for one in plan.advice]
    return "\n".join([
        f"{'layer':29}{'operator':12}{'output':>16}{'parameters':>11}{'MACs':>14}  runs on",
        *rows,
        f"{plan.dpu.name}: {plan.share:.1%} of {plan.macs:,} MACs on the DPU, in pieces: {plan.pieces}",
        *advice,
    ])  # fmt: skip


def plan_overview(plans: Sequence[Plan]) -> str:
    """Lay out the plans of several architectures: one line each."""
    return "\n".join(f"{made.dpu.name:24}{made.share:8.1%} of the MACs, in pieces: {made.pieces}" for made in plans)


def sizes(network: StaticGraph) -> str:
    """Word the shapes of a network's input and output: `1x1x48x704 to 1x192x1x176`."""
    ends = network.model.graph.input[0].name, network.model.graph.output[0].name
    return " to ".join("x".join(map(str, network.shapes[name])) for name in ends)


def comparison_json(compared: Comparison, layers: list[Noise]) -> str:
    """Format a comparison as JSON."""
    cards = {"float": msgspec.to_builtins(compared.before), "int8": msgspec.to_builtins(compared.after)}
    content = {**cards, "points": compared.cost, "changed": compared.changed, "layers": [*map(asdict, layers)]}
    return msgspec.json.encode(content).decode()


def comparison_table(compared: Comparison, layers: list[Noise]) -> str:
    """Format a comparison: noise by layer, both error rates, and the difference."""
    return "\n".join([
        *(f"{one.tensor:29}{one.decibels:8.2f} dB" for one in layers),
        f"CER float  {compared.before.cer}",
        f"CER int8   {compared.after.cer}",
        f"costs {compared.cost:.2f} points; {compared.changed} of {compared.before.samples} texts differ",
    ])  # fmt: skip


def layout_json(compared: LayoutComparison) -> str:
    """Format a comparison of found lines as JSON."""
    return msgspec.json.encode({"float": _found(compared.before), "int8": _found(compared.after)}).decode()


def layout_table(compared: LayoutComparison) -> str:
    """Format a comparison of found lines as text."""
    rows = []
    for name, matches in (("float", compared.before), ("int8", compared.after)):
        found = _found(matches)
        rows.append(f"{name:6} F1 {found['f1']:.4f} by polygons, {found['baseline_f1']:.4f} by baselines")
    return "\n".join([*rows, f"{compared.before.truth} lines"])


def _found(matches: Matches) -> dict[str, float]:
    return {"f1": matches.f1, "baseline_f1": matches.baseline_f1, "lines": matches.truth, "found": matches.found}
