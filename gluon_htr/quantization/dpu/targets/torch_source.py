"""A featurizer as the source of a PyTorch module: Vitis AI's quantizer for PyTorch traces modules, not ONNX graphs.

The generated file needs torch and numpy alone. It consists of plain layers (`nn.Conv2d`, `nn.ReLU`, …), which that
quantizer recognizes, and loads its weights from an .npz file beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import GraphError
from ..featurizer import Step, read_steps
from ..graphs import StaticGraph, attribute
from ..limits import LEAKY_SLOPE

_HEAD = '''"""The featurizer, made by gluon-htr dpu package: image (1, 1, {height}, {width}) to features."""

from pathlib import Path

import numpy as np
import torch
from torch import nn


class Featurizer(nn.Module):
    def __init__(self):
        super().__init__()
'''
_FORWARD = """
    def forward(self, t0):
"""
_TAIL = '''

def load(folder=Path(__file__).parent):
    """The module with its weights, for reading."""
    module = Featurizer().eval()
    with np.load(Path(folder) / "featurizer.npz") as weights:
        module.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
    return module
'''


def to_torch(network: StaticGraph) -> tuple[str, dict[str, np.ndarray]]:
    """Generate source and weights, the latter named as in the module's `state_dict`. Raises `GraphError`."""
    names = {network.model.graph.input[0].name: "t0"}
    layers: list[str] = []
    calls: list[str] = []
    weights: dict[str, np.ndarray] = {}
    for number, step in enumerate(read_steps(network), 1):
        arguments = [names[name] for name in step.inputs]
        layer = _layer(network, step)
        if layer:
            layers.append(f"        self.layer{number} = {layer}\n")
        call = f"self.layer{number}({arguments[0]})" if layer else f"torch.add({', '.join(arguments)})"
        if step.activation:
            layers.append(f"        self.activation{number} = {_activation(step)}\n")
            call = f"self.activation{number}({call})"
        calls.append(f"        t{number} = {call}\n")
        names[step.output] = f"t{number}"
        if step.operator == "Conv":
            parts = zip(("weight", "bias"), step.node.input[1:])
            weights |= {f"layer{number}.{part}": network.weights[name] for part, name in parts}
    _, _, height, width = network.shapes[network.model.graph.input[0].name]
    end = f"        return {names[network.model.graph.output[0].name]}\n"
    head = _HEAD.format(height=height, width=width)
    return "".join([head, *layers, _FORWARD, *calls, end, _TAIL]), weights


def _layer(network: StaticGraph, step: Step) -> str | None:
    """Return the constructor of the layer; None for a sum, which is a function."""
    if step.operator == "Add":
        return None
    node = step.node
    options: dict[str, Any] = {"stride": tuple(attribute(node, "strides", (1, 1))), "padding": _padding(step)}
    kernel = tuple(attribute(node, "kernel_shape", (1, 1)))
    if step.operator == "MaxPool":
        return f"nn.MaxPool2d({kernel}, {_written(options)})"
    if step.operator == "Resize":
        before, after = network.shapes[step.inputs[0]], network.shapes[node.output[0]]
        return f"nn.Upsample(scale_factor=({after[2] // before[2]}, {after[3] // before[3]}))"
    weight = network.weights[node.input[1]]
    options["dilation"] = tuple(attribute(node, "dilations", (1, 1)))
    options["groups"] = attribute(node, "group", 1)
    options["bias"] = len(node.input) > 2
    channels = f"{weight.shape[1] * options['groups']}, {len(weight)}"
    return f"nn.Conv2d({channels}, {kernel}, {_written(options)})"


def _padding(step: Step) -> tuple[int, int]:
    top, left, bottom, right = attribute(step.node, "pads", (0, 0, 0, 0))
    if (top, left) != (bottom, right):
        raise GraphError(f"{step.output}: it pads its sides differently, which PyTorch's layers do not")
    return top, left


def _activation(step: Step) -> str:
    if step.activation is not None and step.activation.op_type == "LeakyRelu":
        return f"nn.LeakyReLU({LEAKY_SLOPE!r})"
    return "nn.ReLU()"


def _written(options: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in options.items())
