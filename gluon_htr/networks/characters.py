"""The networks that classify single characters, built from a preset as HybridBlocks."""

from __future__ import annotations

from typing import Any

from .._mxnet import mx, own_errors
from .blocks import StageBlock
from .character_configuration import CharacterPreset, ConvolutionalClassifier, Mlp

nn = mx.gluon.nn


class MlpBlock(mx.gluon.HybridBlock):
    """(N, 1, H, W) float32, ink 1 and paper 0, to logits (N, C)."""

    def __init__(self, network: Mlp, classes: int) -> None:
        super().__init__(prefix="")
        self._dropout, self._hidden = network.dropout, []
        for number in range(1, network.layers + 1):
            layer = nn.Dense(network.hidden, prefix=f"hidden{number}_")
            self.register_child(layer)
            self._hidden.append(layer)
        self.decoder = nn.Dense(classes, prefix="decoder_")

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        for layer in self._hidden:
            x = F.Dropout(F.Activation(layer(x), act_type="relu"), p=self._dropout)
        return F.identity(self.decoder(F.identity(x, name="features")), name="logits")


class ConvolutionalBlock(mx.gluon.HybridBlock):
    """(N, 1, H, W) float32, ink 1 and paper 0, to logits (N, C).

    The feature map is named `features` in the symbol, so that a graph can be cut there, as that of a recognizer.
    """

    def __init__(self, network: ConvolutionalClassifier, classes: int) -> None:
        super().__init__(prefix="")
        self._dropout, self._dense = network.dropout, []
        self.stages = nn.HybridSequential(prefix="")
        for number, stage in enumerate(network.stages, 1):
            self.stages.add(StageBlock(stage, prefix=f"stage{number}_"))
        self.pool = nn.GlobalAvgPool2D(prefix="pool_") if network.pooling == "mean" else None
        for number, units in enumerate(network.dense, 1):
            layer = nn.Dense(units, prefix=f"dense{number}_")
            self.register_child(layer)
            self._dense.append(layer)
        self.decoder = nn.Dense(classes, prefix="decoder_")

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        x = F.identity(self.stages(x), name="features")
        if self.pool is not None:
            x = self.pool(x)
        x = F.Flatten(x)
        for layer in self._dense:
            x = F.Activation(layer(F.Dropout(x, p=self._dropout)), act_type="relu")
        return F.identity(self.decoder(F.Dropout(x, p=self._dropout)), name="logits")


def character_block(preset: CharacterPreset, classes: int) -> Any:
    """Build the block of a preset, without parameters. classes: characters of the alphabet."""
    network = preset.network
    return MlpBlock(network, classes) if isinstance(network, Mlp) else ConvolutionalBlock(network, classes)


@own_errors()
def build_characters(preset: CharacterPreset, classes: int, seed: int = 0) -> Any:
    """Build a hybridized network with initialized parameters, the same for the same seed."""
    mx.random.seed(seed)
    network = character_block(preset, classes)
    network.initialize(mx.init.Xavier(magnitude=2.24))
    network.hybridize(static_alloc=True)
    network(mx.nd.zeros((1, 1, *preset.nominal_size))).wait_to_read()  # fixes the shapes, draws the parameters
    return network
