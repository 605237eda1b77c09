"""Initial weights of a generator, the same for every framework.

A dense layer gives the first map. Then the sides are doubled, by repeating pixels, before each convolution of 3 × 3
(Odena et al. 2016). All layers but the last have batch norm and ReLU; the last gives ink from 0 to 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ...errors import ConfigurationError
from ...networks.character_configuration import Generator

PREFIX = "generator/"  # of the names of the generator's arrays in the state of an engine
KERNEL = 3  # pixels
DEVIATION = 0.05  # of the initial weights


def sides(generator: Generator, height: int, width: int) -> tuple[int, int]:
    """Return the sides of the first feature map. Raises `ConfigurationError` if doubling does not lead to the image."""
    factor = 2 ** len(generator.channels)
    if height % factor or width % factor:
        count = len(generator.channels)
        raise ConfigurationError(
            f"a generator of {count} channels doubles sides {count} times: {height} x {width} pixels cannot be reached"
        )
    return height // factor, width // factor


def layers(generator: Generator) -> Iterator[tuple[int, int, int]]:
    """Yield number, input channels and output channels of each convolution."""
    channels = (*generator.channels, 1)
    for number, pair in enumerate(itertools.pairwise(channels), 1):
        yield number, *pair


def initial_weights(generator: Generator, height: int, width: int, seed: int) -> dict[str, np.ndarray]:
    """Draw the weights, float32, by name. height, width: of the images. Raises `ConfigurationError` as `sides` does."""
    random = np.random.default_rng([seed, 1])
    rows, columns = sides(generator, height, width)

    def normal(*shape: int) -> np.ndarray:
        return (DEVIATION * random.standard_normal(shape)).astype(np.float32)

    first = generator.channels[0]
    weights = {"dense_weight": normal(first * rows * columns, generator.latent)} | _norm("dense", first)
    for number, incoming, outgoing in layers(generator):
        weights[f"up{number}_weight"] = normal(outgoing, incoming, KERNEL, KERNEL)
        weights |= _norm(f"up{number}", outgoing)
    last = len(generator.channels)
    del weights[f"up{last}_gamma"], weights[f"up{last}_beta"]
    weights[f"up{last}_bias"] = np.full(1, -1.0, np.float32)  # more paper than ink
    return weights


def _norm(name: str, channels: int) -> dict[str, np.ndarray]:
    return {f"{name}_gamma": np.ones(channels, np.float32), f"{name}_beta": np.zeros(channels, np.float32)}
