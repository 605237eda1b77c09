"""Semi-supervised training in MXNet."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from ..._mxnet import mx, own_errors
from ...images.preprocessing import to_network_input
from ...networks.character_configuration import Generator
from ..engines.gluon import GluonEngine
from ..engines.gluon_updates import Updates, fitting
from ..engines.interface import Arrays
from ..engines.optimizer import OptimizerSettings
from ..objectives.batch import Batch
from .generator import KERNEL, PREFIX, initial_weights, layers, sides
from .guesses import Guesses


class GluonAdversarialEngine(GluonEngine):
    """A network of characters and its generator, under training; a batch has unlabeled images, too."""

    @own_errors()
    def __init__(
        self,
        symbol: str,
        parameters: Arrays,
        optimizer: OptimizerSettings,
        generator: Generator,
        size: tuple[int, int],
        seed: int,
        threads: int | None = None,
    ) -> None:
        super().__init__(symbol, parameters, optimizer, "cross-entropy", threads)
        self._adversary, self._first, self._guesses = generator, sides(generator, *size), Guesses()
        self._generator = {
            name: _parameter(name, weight) for name, weight in initial_weights(generator, *size, seed).items()
        }
        rule = msgspec.structs.replace(optimizer, frozen=())
        self._generator_updates = Updates(self._generator, rule)

    @staticmethod
    def _outputs(symbol: mx.sym.Symbol) -> mx.sym.Symbol:
        return mx.sym.Group([symbol, symbol.get_internals()["features_output"]])

    @own_errors()
    def step(self, batch: Batch, rate: float, seed: int) -> float:
        if not len(batch.unlabeled):
            return super().step(batch, rate, seed)
        mx.random.seed(seed % (1 << 31))
        labeled, real = len(batch.images), len(batch.images) + len(batch.unlabeled)
        with mx.autograd.train_mode():
            drawn = self._draw(self._noise(len(batch.unlabeled) - len(batch.others)))
        read = mx.nd.softmax(self._network(mx.nd.array(to_network_input(batch.plain)))[0])
        guessed = mx.nd.array(self._guesses.labels(read.asnumpy()))
        groups = [*map(to_network_input, (batch.images, batch.unlabeled, batch.others)), drawn.asnumpy()]
        images = mx.nd.array(np.concatenate(groups))
        with mx.autograd.record():
            logits, features = self._network(images)
            loss = self._loss(logits[:labeled], batch)
            loss = loss + self._adversary.weight * _realness_loss(logits[labeled:real], logits[real:])
            loss = loss + self._adversary.agreement * _agreement_loss(logits[labeled:real], guessed)
        loss.backward()
        value = float(loss.asscalar())
        if math.isfinite(value):
            wanted = _mean(features[labeled:real])
            self._updates.apply(rate)
            self._step_generator(wanted, len(batch.unlabeled), rate * self._adversary.rate)
        return value

    def _step_generator(self, wanted: Any, count: int, rate: float) -> None:
        """Bring the mean features (C,) of generated characters closer to those of real ones."""
        noise = self._noise(count)
        with mx.autograd.record():
            _, features = self._network(self._draw(noise))
            loss = mx.nd.square(_mean(features) - wanted).sum()
        loss.backward()
        self._generator_updates.apply(rate)

    @own_errors()
    def draw(self, count: int, seed: int) -> np.ndarray:
        """Draw characters, (N, H, W) uint8."""
        mx.random.seed(seed % (1 << 31))
        with mx.autograd.train_mode():
            ink = self._draw(self._noise(count)).asnumpy()
        return np.round(255 * (1 - ink[:, 0])).astype(np.uint8)

    @own_errors()
    def state(self) -> Arrays:
        weights = {f"{PREFIX}{name}": p.data().asnumpy() for name, p in self._generator.items()}
        moments = {f"{PREFIX}{key}": array for key, array in self._generator_updates.state().items()}
        return {**super().state(), **weights, **moments, f"{PREFIX}guesses": self._guesses.mean}

    @own_errors()
    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        super().restore(parameters, state)
        if state is not None:
            own = {key.removeprefix(PREFIX): array for key, array in state.items() if key.startswith(PREFIX)}
            for name, parameter in self._generator.items():
                parameter.set_data(mx.nd.array(fitting(own, name)))
            self._generator_updates.restore(own)
            self._guesses.mean = fitting(own, "guesses")

    def _logits(self, images: Any) -> Any:
        return self._network(images)[0]

    def _noise(self, count: int) -> Any:
        return mx.nd.random.normal(shape=(count, self._adversary.latent))

    def _draw(self, noise: Any) -> Any:
        """Compute ink (N, 1, H, W) float32, 0 to 1, from noise (N, latent)."""
        weights = {name: parameter.data() for name, parameter in self._generator.items()}
        first = self._adversary.channels[0]
        x = mx.nd.dot(noise, weights["dense_weight"], transpose_b=True).reshape((-1, first, *self._first))
        x = _normalized(x, weights, "dense")
        for number, _, outgoing in layers(self._adversary):
            x = mx.nd.Convolution(
                mx.nd.UpSampling(x, scale=2, sample_type="nearest"),
                weights[f"up{number}_weight"],
                kernel=(KERNEL, KERNEL),
                pad=(KERNEL // 2, KERNEL // 2),
                num_filter=outgoing,
                no_bias=True,
            )
            if number < len(self._adversary.channels):
                x = _normalized(x, weights, f"up{number}")
        return mx.nd.sigmoid(x + weights[f"up{len(self._adversary.channels)}_bias"].reshape((1, 1, 1, 1)))


def _parameter(name: str, weight: np.ndarray) -> mx.gluon.Parameter:
    parameter = mx.gluon.Parameter(name, shape=weight.shape)
    parameter.initialize(mx.init.Zero())
    parameter.set_data(mx.nd.array(weight))
    return parameter


def _normalized(x: Any, weights: dict[str, Any], name: str) -> Any:
    """Apply batch norm with the statistics of the batch itself, and ReLU."""
    scale, shift = weights[f"{name}_gamma"], weights[f"{name}_beta"]
    unused = mx.nd.zeros_like(shift), mx.nd.ones_like(shift)
    return mx.nd.relu(mx.nd.BatchNorm(x, scale, shift, *unused, fix_gamma=False, eps=1e-5))


def _realness_loss(real: Any, generated: Any) -> Any:
    """Compute the mean negative log-likelihood of Z / (Z + 1) for real pictures, and of 1 / (Z + 1) for others.

    real, generated: logits (N, C). Z = Σ exp(l).
    """
    real, generated = _log_sum_exp(real), _log_sum_exp(generated)
    softplus = mx.nd.Activation
    return 0.5 * (softplus(-real, act_type="softrelu").mean() + softplus(generated, act_type="softrelu").mean())


def _agreement_loss(logits: Any, guessed: Any) -> Any:
    """Compute the mean cross-entropy of logits (N, C) with target probabilities `guessed` (N, C)."""
    return -(mx.nd.log_softmax(logits, axis=1) * guessed).sum(axis=1).mean()


def _log_sum_exp(logits: Any) -> Any:
    largest = logits.max(axis=1)
    return largest + mx.nd.log(mx.nd.exp(logits - largest.expand_dims(1)).sum(axis=1))


def _mean(features: Any) -> Any:
    """Return the mean (C,) of features (N, C) or (N, C, H, W) over a batch and its places."""
    return features.reshape((0, 0, -1)).mean(axis=(0, 2))
