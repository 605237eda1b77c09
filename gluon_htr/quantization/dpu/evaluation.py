"""Cost of int8: texts of the float and of the quantized network on the same samples, and noise by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from ...datasets.store import Store
from ...images.preprocessing import to_network_input
from ...runtime.backends import LogitsFunction
from ...runtime.stores import classify_store, read_store
from ...text.alphabet import Alphabet
from ...text.metrics import ScoreCard, score
from .running import Tensors, session

NOISE_IMAGES = 64


@dataclass(frozen=True)
class Comparison:
    """Score cards of both networks. changed: number of samples with another text."""

    before: ScoreCard
    after: ScoreCard
    changed: int

    @property
    def cost(self) -> float:
        """Increase of the CER in percentage points."""
        return 100 * (self.after.cer.value - self.before.cer.value)


@dataclass(frozen=True)
class Noise:
    """Signal-to-noise ratio of one tensor after rounding it and all before it, in decibels; 6 are one bit."""

    tensor: str
    decibels: float


def chained(featurizer: onnx.ModelProto, tail: onnx.ModelProto) -> LogitsFunction:
    """Chain featurizer and tail: (N, H, W) uint8 → logits (N, T, C), image by image, as on a board."""
    first, second = session(featurizer), session(tail)
    image, features = featurizer.graph.input[0].name, tail.graph.input[0].name

    def network(images: np.ndarray) -> np.ndarray:
        rounded_values = [first.run(None, {image: x[None]})[0] for x in to_network_input(images)]
        return np.concatenate([second.run(None, {features: one})[0] for one in rounded_values])

    return network


def compare(
    before: LogitsFunction, after: LogitsFunction, store: Store, alphabet: Alphabet, single: bool = False
) -> Comparison:
    """Read all samples with both networks; texts are decoded greedily.

    single: the networks classify single characters, whose CER is the proportion of wrong ones.
    """
    read = classify_store if single else read_store
    texts = [read(network, store, alphabet) for network in (before, after)]
    cards = [score(store.texts, one, store.groups) for one in texts]
    return Comparison(cards[0], cards[1], sum(a != b for a, b in zip(*texts)))


def noise(original: onnx.ModelProto, qdq: onnx.ModelProto, images: np.ndarray) -> list[Noise]:
    """Measure the noise by layer, on up to `NOISE_IMAGES` images (N, H, W) uint8. qdq: the result of `to_qdq` for
    `original`.
    """
    float_names = {original.graph.input[0].name, *(name for node in original.graph.node for name in node.output)}
    rounded = {
        name.removesuffix(":int8"): name
        for node in qdq.graph.node
        for name in node.output
        if node.op_type == "DequantizeLinear" and name.removesuffix(":int8") in float_names
    }
    signal, error = dict.fromkeys(rounded, 0.0), dict.fromkeys(rounded, 0.0)
    exact_values = Tensors(original, list(rounded), images[:NOISE_IMAGES])
    rounded_values = Tensors(qdq, list(rounded.values()), images[:NOISE_IMAGES])
    for exact, coarse in zip(exact_values, rounded_values):
        for name in rounded:
            signal[name] += float(np.square(exact[name], dtype=np.float64).sum())
            error[name] += float(np.square(exact[name] - coarse[rounded[name]], dtype=np.float64).sum())
    return [Noise(name, _decibels(signal[name], error[name])) for name in rounded]


def _decibels(signal: float, error: float) -> float:
    return round(10 * float(np.log10(signal / error)), 2) if error and signal else float("inf")
