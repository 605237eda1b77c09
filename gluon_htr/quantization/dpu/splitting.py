"""A bundle's network in two: the featurizer, of fixed sizes, for the DPU, and the tail for the CPU beside it."""

from __future__ import annotations

from dataclasses import dataclass

from ...graphs.onnx.splitting import CUT, split
from .graphs import Network, inferred
from .sources import Source


@dataclass(frozen=True)
class Halves:
    """image (1, 1, H, W) → features → logits (1, T, C)."""

    featurizer: Network
    tail: Network


def halves(source: Source) -> Halves:
    """Raises `GraphError` where the graph has no tensor named `features`."""
    where = str(source.bundle.path)
    head, tail = split(source.network.model)
    return Halves(inferred(head, f"{where}, up to {CUT}"), inferred(tail, f"{where}, after {CUT}"))
