"""Limits of each DPU architecture, each with its source.

Sources, read at Xilinx/Vitis-AI, the tag of Vitis AI 3.5:

- `TARGETS`: `src/vai_runtime/target_factory`, the code that makes a compiler's target out of a bitstream's fingerprint.
- `UG1414`: "Vitis AI User Guide" 3.5, "Supported Operators and DPU Limitations". `vai_utf/conv2d_limits.py` checks
  the same, but the dilation without the channels; the stricter form is used.

Kernels and strides hold for each axis. `ALU` is the engine that pools, and convolves channel by channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...errors import UsageError

TARGETS = "Vitis AI 3.5, target_factory/src/create_target_{}.cpp"
EXPIRED = "Vitis AI 3.5, target_factory/expired_targets/{}.prototxt"
UG1414 = "UG1414 3.5, Supported Operators and DPU Limitations"
PG403 = "PG403 1.0, DPUCVDX8H Feature Support"
LEAKY_SLOPE = 26 / 256  # the only one that the hardware multiplies by
RELUS = frozenset({"Relu", "LeakyRelu", "Clip"})
HARD = frozenset({"HardSigmoid", "HardSwish"})


@dataclass(frozen=True)
class Architecture:
    """A configuration of a DPU. *_parallel: pixels and channels computed at once. image_bank_depth: in words of
    `input_parallel` bytes. Everything else is the largest allowed value; activations are those of convolutions.
    """

    name: str
    source: str  # of all that has none of its own
    pixel_parallel: int
    input_parallel: int
    output_parallel: int
    image_bank_depth: int = 2048
    kernel: int = 16
    stride: int = 8
    kernel_area: int | None = None
    alu_kernel: int = 256
    alu_stride: int = 256
    alu_pad_before: int = 15
    alu_pad_after: int = 255
    depthwise_kernel: int = 256
    depthwise_stride: int = 256
    average_is_square: bool = False
    multiplies: bool = True
    activations: frozenset[str] = RELUS
    alu_activations: frozenset[str] = frozenset({"PRelu", "HardSigmoid"})

    @property
    def peak(self) -> int:
        """Operations per clock cycle, two per multiply-accumulate: the number in B4096."""
        return 2 * self.pixel_parallel * self.input_parallel * self.output_parallel


def _zynq(pixels: int, channels: int) -> Architecture:
    size = 2 * pixels * channels * channels
    return Architecture(f"DPUCZDX8G-B{size}", TARGETS.format("DPUCZDX8G_ISA1"), pixels, channels, channels)


_ZYNQ = [_zynq(*size) for size in ((4, 8), (4, 10), (8, 8), (4, 12), (8, 10), (8, 12), (8, 14), (8, 16))]
#: Bitstreams of Vitis AI 2.5 and before: a smaller pooling engine, and no products of two tensors.
_OLD_ZYNQ = replace(
    _ZYNQ[-1],
    name="DPUCZDX8G-ISA0-B4096",
    source=EXPIRED.format("DPUCZDX8G_ISA0_B4096_MAX_BG2"),
    alu_kernel=8,
    alu_stride=8,
    depthwise_kernel=16,
    depthwise_stride=8,
    average_is_square=True,
    multiplies=False,
    alu_activations=frozenset(),
)
#: The image bank has 2^12 to 2^14 words: the smallest is assumed, since a bitstream's is known on the board only.
_VERSAL = [
    Architecture(
        f"DPUCVDX8G-C{channels}",
        TARGETS.format("DPUCVDX8G_ISA3"),
        8,
        16,
        channels,
        image_bank_depth=4096,
        activations=RELUS | HARD,
    )
    for channels in (16, 32, 64)
]
_OLD_VERSAL = replace(_VERSAL[1], name="DPUCVDX8G-ISA0-B8192", source="UG1414 1.3", stride=4, kernel_area=64)
_VERSAL_H = replace(
    _VERSAL[2],
    name="DPUCVDX8H",
    source=PG403,
    input_parallel=64,
    image_bank_depth=256,
    stride=4,
    depthwise_kernel=5,
    depthwise_stride=4,
)
_EDGE = [
    Architecture(
        f"DPUCV2DX8G-{pixels}x{inputs}x{outputs}",
        TARGETS.format("DPUCV2DX8G_ISA1"),
        pixels,
        inputs,
        outputs,
        image_bank_depth=65528,
        stride=16,
        activations=RELUS | HARD,
    )
    for pixels, inputs, outputs in ((1, 16, 16), (1, 16, 32), (1, 32, 32), (2, 32, 32), (4, 32, 32))
]

ARCHITECTURES = {one.name: one for one in (*_ZYNQ, _OLD_ZYNQ, *_VERSAL, _OLD_VERSAL, _VERSAL_H, *_EDGE)}


def architecture(name: str) -> Architecture:
    """Return the architecture of that name, in any case. Raises `UsageError`, which lists the known ones."""
    for known, found in ARCHITECTURES.items():
        if known.lower() == name.lower():
            return found
    raise UsageError(f"unknown DPU {name}; the known ones are {', '.join(ARCHITECTURES)}")
