"""A bundle's network in two parts: the featurizer, of fixed sizes, for the DPU, and the tail for the CPU."""

from __future__ import annotations

from dataclasses import dataclass

from ...graphs.onnx.splitting import CUT, split
from .graphs import StaticGraph, inferred
from .sources import QuantizationSource


@dataclass(frozen=True)
class Halves:
    """Both parts: image (1, 1, H, W) → features → logits (1, T, C)."""

    featurizer: StaticGraph
    tail: StaticGraph


def halves(source: QuantizationSource) -> Halves:
    """Split the network of a bundle. Raises `GraphError` if the graph has no tensor named `features`."""
    where = str(source.bundle.path)
    head, tail = split(source.network.model)
    return Halves(inferred(head, f"{where}, up to {CUT}"), inferred(tail, f"{where}, after {CUT}"))
