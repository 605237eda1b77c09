"""Plan of a network on a DPU: layers that run on it, reasons why the others do not, and changes."""

from __future__ import annotations

from dataclasses import dataclass

from .graphs import StaticGraph
from .layers import Layer, read_layers
from .limits import Architecture
from .rules import Breach, breaches


@dataclass(frozen=True)
class PlacedLayer:
    """A layer and where it runs. breaches: the limits that put it on the CPU; none on the DPU."""

    layer: Layer
    breaches: tuple[Breach, ...]

    @property
    def on_dpu(self) -> bool:
        return not self.breaches


@dataclass(frozen=True)
class Advice:
    """A change, and the proportion of all multiply-accumulates that it would bring to the DPU."""

    layer: str
    remedy: str
    gain: float


@dataclass(frozen=True)
class Plan:
    """All layers on one architecture."""

    dpu: Architecture
    places: tuple[PlacedLayer, ...]

    @property
    def macs(self) -> int:
        return sum(place.layer.macs for place in self.places)

    @property
    def share(self) -> float:
        """Proportion of the multiply-accumulates on the DPU, 0 to 1."""
        done = sum(place.layer.macs for place in self.places if place.on_dpu)
        return done / self.macs if self.macs else 0.0

    @property
    def pieces(self) -> int:
        """Number of consecutive groups of layers on the DPU: each further one costs a transfer to the CPU and back."""
        sides = [place.on_dpu for place in self.places]
        return sum(here and not before for here, before in zip(sides, [False, *sides]))

    @property
    def advice(self) -> list[Advice]:
        """Changes that raise the proportion, the largest gain first; layers at the end without work are left out."""
        left = [place for place in self.places if not place.on_dpu and place.layer.macs]
        found = [Advice(p.layer.name, p.breaches[0].remedy, p.layer.macs / self.macs) for p in left]
        inside = [p for p in self.places if not p.on_dpu and not p.layer.macs and self._cuts(p)]
        found += [Advice(p.layer.name, p.breaches[0].remedy, 0.0) for p in inside]
        return sorted(found, key=lambda one: -one.gain)

    def _cuts(self, place: PlacedLayer) -> bool:
        """Test whether layers run on the DPU after this one, so that it cuts the network in two."""
        return any(later.on_dpu for later in self.places[self.places.index(place) :])


def plan(network: StaticGraph, dpu: Architecture) -> Plan:
    """Check every layer by itself, as Vitis AI's compiler partitions: layers outside the limits go to the CPU."""
    return Plan(dpu, tuple(PlacedLayer(layer, tuple(breaches(layer, dpu))) for layer in read_layers(network)))
