"""The networks that label the pixels of pages, built from a preset as HybridBlocks."""

from __future__ import annotations

from typing import Any

from .._mxnet import mx, own_errors
from .blocks import StageBlock
from .configuration import Convolution
from .layout_configuration import Fcn, LayoutPreset, UNet

nn = mx.gluon.nn
BUILD_SIDE = 128  # pixels: side of the image that fixes the shapes of the parameters


class UNetBlock(mx.gluon.HybridBlock):
    """(N, 1, H, W) float32, ink 1 and paper 0, to logits (N, C, H/2, W/2); sides are multiples of `UNet.multiple`."""

    def __init__(self, network: UNet, classes: int) -> None:
        super().__init__(prefix="")
        self._dropout = network.dropout
        self._down, self._joins, self._up = [], [], []
        for number, level in enumerate(network.levels, 1):
            kernel = (5, 5) if number == 1 else (3, 3)
            convolutions = [Convolution(level.channels, kernel, (2, 2))]
            convolutions += [Convolution(level.channels, residual=True, dilation=(d, d)) for d in level.dilations]
            self._down.append(self._add(_stages(convolutions, f"down{number}_")))
        for number, level in reversed(list(enumerate(network.levels[:-1], 1))):
            self._joins.append(self._add(_stages([Convolution(level.channels, (1, 1))], f"join{number}_")))
            self._up.append(self._add(_stages([Convolution(level.channels)], f"up{number}_")))
        self._head = self._add(nn.Conv2D(classes, 1, prefix="head_"))

    def _add(self, block: Any) -> Any:
        self.register_child(block)
        return block

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        levels = []
        for block in self._down:
            x = block(x)
            levels.append(x)
        x = F.Dropout(levels.pop(), p=self._dropout)
        for join, up in zip(self._joins, self._up):
            x = F.UpSampling(join(x), scale=2, sample_type="nearest") + levels.pop()
            x = up(x)
        return F.identity(self._head(x), name="logits")


class FcnBlock(mx.gluon.HybridBlock):
    """(N, 1, H, W) float32, ink 1 and paper 0, to logits (N, C, H, W)."""

    def __init__(self, network: Fcn, classes: int) -> None:
        super().__init__(prefix="")
        self._dropout = network.dropout
        convolutions = [Convolution(network.channels, (5, 5))]
        convolutions += [Convolution(network.channels, residual=True, dilation=(d, d)) for d in network.dilations]
        self.stages = _stages(convolutions, "stage_")
        self.head = nn.Conv2D(classes, 1, prefix="head_")

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        x = F.Dropout(self.stages(x), p=self._dropout)
        return F.identity(self.head(x), name="logits")


@own_errors()
def build_layout(preset: LayoutPreset, seed: int = 0) -> Any:
    """Build a hybridized network with initialized parameters, the same for the same seed."""
    mx.random.seed(seed)
    classes, table = len(preset.class_names), preset.network
    network = UNetBlock(table, classes) if isinstance(table, UNet) else FcnBlock(table, classes)
    network.initialize(mx.init.Xavier(magnitude=2.24))
    network.hybridize(static_alloc=True)
    network(mx.nd.zeros((1, 1, BUILD_SIDE, BUILD_SIDE))).wait_to_read()  # fixes the shapes, draws the parameters
    return network


def _stages(convolutions: list[Convolution], prefix: str) -> Any:
    stages = nn.HybridSequential(prefix="")
    for number, convolution in enumerate(convolutions, 1):
        stages.add(StageBlock(convolution, prefix=f"{prefix}{number}_"))
    return stages
