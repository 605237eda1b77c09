"""The original notebook's network written as the notebook had it, and the same network of PyTorch's own modules.

The notebook composes plain Blocks that run eagerly, splits the feature map into time steps one by one, and trains with
Gluon's Trainer. Both are what the benchmarks compare `gluon_htr` with.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from gluon_htr._mxnet import mx

STEPS, HIDDEN, CHANNELS = 32, 200, 32


class EncoderLayer(mx.gluon.Block):
    """Feature map to time steps, one split after the other, and a bidirectional LSTM."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.lstm = mx.gluon.rnn.LSTM(HIDDEN, 1, bidirectional=True)

    def forward(self, x: mx.nd.NDArray) -> mx.nd.NDArray:
        x = x.transpose((0, 3, 1, 2)).flatten()
        parts = x.split(num_outputs=STEPS, axis=1)
        x = mx.nd.concat(*[part.expand_dims(axis=0) for part in parts], dim=0)
        return self.lstm(x).transpose((1, 0, 2))


def eager_notebook(classes: int) -> mx.gluon.Block:
    """(N, 1, 32, 128) to (N, 32, classes), never hybridized."""
    gluon = mx.gluon.nn
    network = gluon.Sequential()
    for part in (("conv", "norm"), ("conv", "pool"), ("conv", "norm"), ("conv", "norm")):
        network.add(gluon.Conv2D(CHANNELS, 3, padding=1, activation="relu"))
        network.add(gluon.BatchNorm() if part[1] == "norm" else gluon.MaxPool2D(2))
    network.add(gluon.Dropout(0.5), EncoderLayer(), gluon.Dense(classes, flatten=False))
    network.initialize(mx.init.Xavier())
    return network


class TorchNotebook(nn.Module):
    """The same of torch's own modules, as anybody would write it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, channels in enumerate((1, CHANNELS, CHANNELS, CHANNELS)):
            layers += [nn.Conv2d(channels, CHANNELS, 3, padding=1), nn.ReLU()]
            layers.append(nn.MaxPool2d(2) if number == 1 else nn.BatchNorm2d(CHANNELS))
        self.featurizer = nn.Sequential(*layers, nn.Dropout(0.5))
        self.lstm = nn.LSTM(2 * 16 * CHANNELS, HIDDEN, bidirectional=True)
        self.dense = nn.Linear(2 * HIDDEN, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.featurizer(x).permute(3, 0, 1, 2)  # (W, N, C, H)
        steps, count = x.shape[0] // 2, x.shape[1]
        x = x.reshape(steps, 2, count, -1).transpose(1, 2).reshape(steps, count, -1)
        return self.dense(self.lstm(x)[0]).transpose(0, 1)


def scaled(images: np.ndarray) -> np.ndarray:
    """(N, H, W) uint8 to (N, 1, H, W) float32, ink 1."""
    return (255 - images[:, None].astype(np.float32)) / 255
