"""The parts of a recognizer as HybridBlocks. Their prefixes here are their names in the exported symbol."""

from __future__ import annotations

from typing import Any

from .._mxnet import mx
from .configuration import Convolution, Encoder, GatedConvolutions, Lstm, NoEncoder

nn = mx.gluon.nn


class StageBlock(mx.gluon.HybridBlock):
    """Convolution, ReLU, batch norm before or after it, max-pooling, dropout: (N, C, H, W) to (N, C', H', W')."""

    def __init__(self, stage: Convolution, prefix: str) -> None:
        super().__init__(prefix=prefix)
        self._norm_first, self._residual = stage.norm == "before", stage.residual
        self._dropout = stage.dropout
        above, beside = (size // 2 * step for size, step in zip(stage.kernel, stage.dilation))
        padding = (above if stage.pad_height else 0, beside)
        with self.name_scope():
            self.convolution = nn.Conv2D(
                stage.channels,
                stage.kernel,
                stage.stride,
                padding,
                stage.dilation,
                use_bias=not self._norm_first,
                prefix="conv_",
            )
            self.norm: Any = nn.BatchNorm(prefix="norm_") if stage.norm != "none" else None
            self.pool = nn.MaxPool2D(stage.pool, stage.pool, prefix="pool_") if stage.pool else None

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        y = self.convolution(x)
        if self._norm_first:
            y = self.norm(y)
        y = y + x if self._residual else y
        y = F.Activation(y, act_type="relu")  # unlike F.relu, it keeps oneDNN's memory layout
        if self.norm is not None and not self._norm_first:
            y = self.norm(y)
        y = y if self.pool is None else self.pool(y)
        return F.Dropout(y, p=self._dropout) if self._dropout else y


class Columns(mx.gluon.HybridBlock):
    """Feature map (N, C, H, W) to time steps (W / columns, N, C·H·columns)."""

    def __init__(self, columns: int) -> None:
        super().__init__(prefix="columns_")
        self._columns = columns

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        if self._columns > 1:
            x = F.reshape(x, (0, 0, 0, -4, -1, self._columns))
            x = F.transpose(x, (3, 0, 1, 2, 4))
        else:
            x = F.transpose(x, (3, 0, 1, 2))
        return F.reshape(x, (0, 0, -1))


class LstmEncoder(mx.gluon.HybridBlock):
    """Bidirectional LSTM layers, dropout after each: (T, N, F) to (T, N, 2·hidden).

    Dropout is an operator of its own: the one inside MXNet's RNN draws from an unseeded source on the CPU.
    """

    def __init__(self, encoder: Lstm) -> None:
        super().__init__(prefix="encoder_")
        self._layers, self._dropout = [], encoder.dropout
        for number in range(1, encoder.layers + 1):
            layer = mx.gluon.rnn.LSTM(encoder.hidden, bidirectional=True, prefix=f"encoder{number}_")
            self.register_child(layer)
            self._layers.append(layer)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        for layer in self._layers:
            x = layer(x)
            if self._dropout:
                x = F.Dropout(x, p=self._dropout)
        return x


class GatedEncoder(mx.gluon.HybridBlock):
    """Gated convolutions along time with residual connections: (T, N, F) to (T, N, channels)."""

    def __init__(self, encoder: GatedConvolutions) -> None:
        super().__init__(prefix="encoder_")
        self._layers, self._dropout, size = [], encoder.dropout, encoder.kernel
        with self.name_scope():
            self.project = nn.Conv2D(encoder.channels, 1, prefix="project_")
            for number in range(1, encoder.layers + 1):
                pair = []
                for part in ("value", "gate"):
                    kernel, padding = (1, size), (0, size // 2)
                    block = nn.Conv2D(encoder.channels, kernel, padding=padding, prefix=f"{part}{number}_")
                    self.register_child(block)
                    pair.append(block)
                self._layers.append(pair)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        x = F.expand_dims(F.transpose(x, (1, 2, 0)), axis=2)  # (N, F, 1, T)
        x = self.project(x)
        for value, gate in self._layers:
            y = value(x) * F.sigmoid(gate(x))
            if self._dropout:
                y = F.Dropout(y, p=self._dropout)
            x = x + y
        return F.transpose(F.reshape(x, (0, 0, -1)), (2, 0, 1))


def encoder_block(encoder: Encoder) -> Any:
    """Build the block that an encoder table describes."""
    if isinstance(encoder, NoEncoder):
        return nn.HybridLambda(lambda F, x: x, prefix="encoder_")
    return LstmEncoder(encoder) if isinstance(encoder, Lstm) else GatedEncoder(encoder)
