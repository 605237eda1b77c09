"""Rules of what a DPU can run: one function per limit. A layer that breaks no limit runs on the DPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from .layers import Layer
from .limits import LEAKY_SLOPE, UG1414, Architecture


@dataclass(frozen=True)
class Breach:
    """A limit that a layer breaks. value: the layer's. allowed: the DPU's. remedy: the change to the network."""

    limit: str
    value: str
    allowed: str
    source: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.limit} {self.value}, allowed {self.allowed} ({self.source})"


Rule = Callable[[Layer, Architecture], Iterator[Breach]]
_AXES = ("height", "width")
_FEWER = "use fewer channels"
#: Operators that no DPU for convolutions has, and what to do instead.
_NEVER = {
    "LSTM": "replace the recurrence by convolutions along the width, as the preset words-conv does",
    "GRU": "replace the recurrence by convolutions along the width, as the preset words-conv does",
    "Sigmoid": "use ReLU, or a hard sigmoid where the DPU has one",
    "Tanh": "use ReLU",
    "Softplus": "use ReLU",
    "Softmax": "leave it to the CPU: it is an IP core of its own, where it is there at all",
    "BatchNormalization": 'put it between convolution and ReLU (norm = "before"), so that it is folded',
    "Transpose": "leave it to the CPU, at the end",
    "Reshape": "leave it to the CPU, at the end",
}


def breaches(layer: Layer, dpu: Architecture) -> list[Breach]:
    """List the limits that a layer breaks, the most important first."""
    if layer.operator not in _RULES:
        remedy = _NEVER.get(layer.operator, "leave it to the CPU, at the end")
        return [Breach("operator", layer.operator, "an operator of CNNs", UG1414, remedy)]
    return [breach for rule in _RULES[layer.operator] for breach in rule(layer, dpu)]


def _span(what: str, values: tuple[int, int], limit: int, source: str, remedy: str) -> Iterator[Breach]:
    for axis, value in zip(_AXES, values):
        if value > limit:
            yield Breach(f"{what} {axis}", str(value), f"1 to {limit}", source, remedy)


def _convolution(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if layer.depthwise:
        kernel, stride = dpu.depthwise_kernel, dpu.depthwise_stride
    else:
        kernel, stride = dpu.kernel, dpu.stride
    yield from _span("kernel", layer.kernel, kernel, dpu.source, f"use several kernels of at most {kernel}")
    yield from _span("stride", layer.strides, stride, dpu.source, f"stride by at most {stride}, and again later")
    area = layer.kernel[0] * layer.kernel[1]
    if dpu.kernel_area and area > dpu.kernel_area:
        yield Breach("kernel area", str(area), f"at most {dpu.kernel_area}", dpu.source, "use smaller kernels")


def _group(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if layer.group > 1 and not layer.depthwise:
        remedy = "use one group, or one a channel"
        yield Breach("groups", str(layer.group), f"1 or {layer.channels}, one a channel", UG1414, remedy)


def _dilation(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    limit = 256 * dpu.input_parallel
    for axis, dilation in zip(_AXES, layer.dilations):
        if dilation * layer.channels > limit:
            what = f"{dilation} · {layer.channels} = {dilation * layer.channels}"
            remedy = f"dilate by at most {limit // layer.channels}, or {_FEWER}"
            yield Breach(f"dilation {axis} · input channels", what, f"at most {limit}", UG1414, remedy)


def _input_size(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    height, width = layer.kernel
    value = height * width * ceil(layer.channels / dpu.input_parallel)
    if value > dpu.image_bank_depth:
        limit = dpu.image_bank_depth // (height * width) * dpu.input_parallel
        what = f"{height} · {width} · ceil({layer.channels} / {dpu.input_parallel}) = {value}"
        remedy = f"use at most {limit} input channels with this kernel"
        yield Breach("kernel · input channels", what, f"at most {dpu.image_bank_depth}", UG1414, remedy)


def _output_channels(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    limit = 256 * dpu.output_parallel
    if layer.output_channels > limit:
        remedy = f"use at most {limit} output channels"
        yield Breach("output channels", str(layer.output_channels), f"at most {limit}", UG1414, remedy)


def _convolution_pads(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    for place, pad in enumerate(layer.pads):
        side, axis = ("top", "left", "bottom", "right")[place], place % 2
        limit = (layer.kernel[axis] - 1) * layer.dilations[axis]
        if pad > limit:
            remedy = "pad by no more than the kernel reaches"
            yield Breach(f"padding {side}", str(pad), f"at most (kernel - 1) · dilation = {limit}", UG1414, remedy)


def _alu_pads(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    for place, pad in enumerate(layer.pads):
        limit = dpu.alu_pad_before if place < 2 else dpu.alu_pad_after
        if pad > limit:
            side = ("top", "left", "bottom", "right")[place]
            yield Breach(f"padding {side}", str(pad), f"at most {limit}", dpu.source, "pad less")


def _depthwise_pads(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if layer.depthwise:
        yield from _alu_pads(layer, dpu)


def _pooling(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    remedy = f"pool by at most {dpu.alu_kernel}, and again later"
    yield from _span("pooling kernel", layer.kernel, dpu.alu_kernel, dpu.source, remedy)
    yield from _span("pooling stride", layer.strides, dpu.alu_stride, dpu.source, remedy)


def _average(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    height, width = layer.kernel
    if dpu.average_is_square and (height != width or height < 2):
        allowed = f"squares of 2 to {dpu.alu_kernel}"
        yield Breach(
            "average pooling", f"{height} x {width}", allowed, dpu.source, "average over squares, or take maxima"
        )


def _leaky(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if round(layer.slope * 256) != round(LEAKY_SLOPE * 256):
        yield Breach(
            "slope of the leaky ReLU", f"{layer.slope:g}", "26/256 = 0.1016", UG1414, "use 26/256, or a plain ReLU"
        )


def _relu6(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if layer.highest != 6:
        yield Breach(
            "bounds of the clipped ReLU", f"{layer.highest:g}", "0 to 6", UG1414, "clip at 6, or use a plain ReLU"
        )


def _known(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    accepted = dpu.activations | dpu.alu_activations
    if layer.operator not in accepted:
        yield Breach("activation", layer.operator, ", ".join(sorted(accepted)), dpu.source, "use ReLU")


def _product(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if not dpu.multiplies:
        yield Breach("operator", "Mul", "sums only", dpu.source, "add instead of multiplying (a residual, no gate)")


def _same_shapes(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if len(set(layer.inputs)) > 1 or len(layer.inputs) < 2:
        shapes = " and ".join("x".join(map(str, shape)) for shape in layer.inputs)
        yield Breach(
            f"operands of {layer.operator}", shapes, "two tensors of one shape", UG1414, "make the shapes equal"
        )


def _image(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if len(layer.inputs[0]) != 4:
        remedy = "keep images of four axes, or leave it to the CPU, at the end"
        yield Breach("axes of the input", str(len(layer.inputs[0])), "4", UG1414, remedy)


def _enlargement(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    """Check that pixels are repeated: the compiler makes an upsampling of it, and of nothing else."""
    (_, _, *before), (_, _, *after) = layer.inputs[0], layer.shape
    if layer.mode != "nearest" or any(large % small for small, large in zip(before, after)):
        sizes = f"{layer.mode}, {'x'.join(map(str, before))} to {'x'.join(map(str, after))}"
        yield Breach("resizing", sizes, "nearest, to a multiple of the size", UG1414, "repeat pixels 2 by 2")


def _matrix(layer: Layer, dpu: Architecture) -> Iterator[Breach]:
    if len(layer.inputs[0]) != 2:
        allowed = "2, which becomes a convolution of 1 x 1"
        yield Breach("axes of the input", str(len(layer.inputs[0])), allowed, UG1414, "use a convolution of 1 x 1")


_CONVOLUTION_RULES: tuple[Rule, ...] = (
    _image, _convolution, _group, _dilation, _input_size, _output_channels, _convolution_pads, _depthwise_pads,
)  # fmt: skip
_RULES: dict[str, tuple[Rule, ...]] = {
    "Conv": _CONVOLUTION_RULES,
    "ConvTranspose": _CONVOLUTION_RULES,
    "MaxPool": (_image, _pooling, _alu_pads),
    "AveragePool": (_image, _pooling, _average, _alu_pads),
    "GlobalAveragePool": (_image, _pooling, _average),
    "GlobalMaxPool": (_image, _pooling),
    "Relu": (_image,),
    "LeakyRelu": (_image, _leaky),
    "PRelu": (_image, _known),
    "Clip": (_image, _relu6),
    "HardSigmoid": (_image, _known),
    "HardSwish": (_image, _known),
    "Add": (_image, _same_shapes, _output_channels),
    "Mul": (_image, _product, _same_shapes, _output_channels),
    "Concat": (_image, _output_channels),
    "Resize": (_image, _enlargement),
    "MatMul": (_matrix, _output_channels),
    "Gemm": (_matrix, _output_channels),
    "Identity": (),
}
