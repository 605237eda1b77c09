"""A tiny training for several processes: pictures of stripes, and a network without chance."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from support import png

PRESET = """
description = "two convolutions, batch norms and an LSTM, without dropout"

[preprocessing]
rule = "box"
height = 16
width = 64

[network]
[[network.featurizer]]
channels = 8
pool = [2, 2]

[[network.featurizer]]
channels = 12
pool = [2, 1]

[network.encoder]
kind = "lstm"
hidden = 16

[training]
batch_size = 6
epochs = {epochs}
average = 0.5

[training.augmentation]
share = 0.0

[training.optimizer]
kind = "sgd"
momentum = 0.0

[training.schedule]
rate = 0.02
warmup = 5
"""


def striped_lines(folder: Path) -> Path:
    """Write twenty pictures of stripes with texts, all of one size."""
    random = np.random.default_rng(0)
    for number in range(20):
        pixels = np.full((16, 64), 250, np.uint8)
        pixels[4:12, random.permutation(60)[: 3 + number % 5]] = 20
        (folder / f"{number:02}.png").write_bytes(png(pixels))
        (folder / f"{number:02}.gt.txt").write_text("abc"[: 1 + number % 3], "utf-8")
    return folder


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds, and fail after a while."""
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
