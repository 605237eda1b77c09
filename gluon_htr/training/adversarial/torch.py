"""Semi-supervised training in torch: the same losses and updates as in `gluon.py`."""

from __future__ import annotations

import math

import numpy as np

from ..._torch import own_errors, torch
from ...errors import ParametersError
from ...networks.character_configuration import Generator
from ..engines.interface import Arrays
from ..engines.optimizer import OptimizerSettings
from ..engines.torch import TorchEngine
from ..objectives.batch import Batch
from .generator import PREFIX, initial_weights, layers, sides
from .guesses import Guesses

F = torch.nn.functional
MOMENTS = {"mean": "exp_avg", "square": "exp_avg_sq"}


class TorchAdversarialEngine(TorchEngine):
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
        *,
        device: str = "cpu",
        precision: str = "float32",
        threads: int | None = None,
    ) -> None:
        super().__init__(
            symbol, parameters, optimizer, "cross-entropy", device=device, precision=precision, threads=threads
        )
        self._adversary, self._first, self._guesses = generator, sides(generator, *size), Guesses()
        self._generator = {
            name: torch.nn.Parameter(torch.from_numpy(weight).to(self._device))
            for name, weight in initial_weights(generator, *size, seed).items()
        }
        self._generator_steps = 0  # fewer than the network's, which begins alone
        betas = (optimizer.beta1, optimizer.beta2)
        self._generator_optimizer = torch.optim.Adam(
            self._generator.values(), lr=1.0, betas=betas, eps=optimizer.epsilon
        )

    @own_errors()
    def step(self, batch: Batch, rate: float, seed: int) -> float:
        if not len(batch.unlabeled):
            return super().step(batch, rate, seed)
        torch.manual_seed(seed)
        self._module.train()
        labeled, real = len(batch.images), len(batch.images) + len(batch.unlabeled)
        with torch.no_grad(), self._precision():
            drawn = self._draw(len(batch.unlabeled) - len(batch.others)).float()
            self._module.eval()
            read = self._module(self._images(batch.plain)).float().softmax(1)
            self._module.train()
        guessed = torch.from_numpy(self._guesses.labels(read.cpu().numpy())).to(self._device)
        groups = [*map(self._images, (batch.images, batch.unlabeled, batch.others)), drawn]
        self._optimizer.zero_grad(set_to_none=True)
        with self._precision():
            logits, features = self._module.with_features(torch.cat(groups))
        logits = logits.float()
        loss = self._loss(logits[:labeled], batch)
        loss = loss + self._adversary.weight * _realness_loss(logits[labeled:real], logits[real:])
        loss = loss + self._adversary.agreement * _agreement_loss(logits[labeled:real], guessed)
        loss.backward()
        value = float(loss.detach())
        if math.isfinite(value):
            wanted = _mean(features[labeled:real].detach())
            self._update(rate)
            self._step_generator(wanted, len(batch.unlabeled), rate * self._adversary.rate)
        return value

    def _step_generator(self, wanted: torch.Tensor, count: int, rate: float) -> None:
        """Bring the mean features (C,) of generated characters closer to those of real ones."""
        self._generator_optimizer.zero_grad(set_to_none=True)
        with self._precision():
            _, features = self._module.with_features(self._draw(count))
        torch.square(_mean(features) - wanted).sum().backward()
        if self._settings.clip:
            torch.nn.utils.clip_grad_norm_(self._generator.values(), self._settings.clip)
        for group in self._generator_optimizer.param_groups:
            group["lr"] = rate
        self._generator_steps += 1
        self._generator_optimizer.step()

    @torch.no_grad()
    @own_errors()
    def draw(self, count: int, seed: int) -> np.ndarray:
        """Draw characters, (N, H, W) uint8."""
        torch.manual_seed(seed)
        ink = self._draw(count).float().cpu().numpy()
        return np.round(255 * (1 - ink[:, 0])).astype(np.uint8)

    @own_errors()
    def state(self) -> Arrays:
        arrays = dict(super().state())
        arrays[f"{PREFIX}steps"] = np.array([self._generator_steps], np.int64)
        arrays[f"{PREFIX}guesses"] = self._guesses.mean
        for name, parameter in self._generator.items():
            arrays[f"{PREFIX}{name}"] = _copied(parameter)
            for kind, key in MOMENTS.items():
                moment = self._generator_optimizer.state[parameter].get(key)
                arrays[f"{PREFIX}{kind}:{name}"] = _copied(torch.zeros_like(parameter) if moment is None else moment)
        return arrays

    @own_errors()
    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        super().restore(parameters, state)
        if state is None:
            return
        self._generator_steps = int(_fitting(state, "steps")[0])
        self._guesses.mean = _fitting(state, "guesses")
        for name, parameter in self._generator.items():
            entry = self._generator_optimizer.state[parameter]
            entry["step"] = torch.tensor(float(self._generator_steps))
            for kind, key in MOMENTS.items():
                entry[key] = torch.from_numpy(_fitting(state, f"{kind}:{name}")).to(parameter.device)
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(_fitting(state, name)))

    def _draw(self, count: int) -> torch.Tensor:
        """Compute ink (N, 1, H, W), 0 to 1, from random numbers."""
        weights, settings = self._generator, self._adversary
        noise = torch.randn(count, settings.latent, device=self._device)
        x = F.linear(noise, weights["dense_weight"]).reshape(-1, settings.channels[0], *self._first)
        x = self._normalized(x, "dense")
        for number, _, _ in layers(settings):
            x = F.conv2d(F.interpolate(x, scale_factor=2), weights[f"up{number}_weight"], padding="same")
            if number < len(settings.channels):
                x = self._normalized(x, f"up{number}")
        return torch.sigmoid(x + weights[f"up{len(settings.channels)}_bias"])

    def _normalized(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """Apply batch norm with the statistics of the batch itself, and ReLU."""
        scale, shift = self._generator[f"{name}_gamma"], self._generator[f"{name}_beta"]
        return F.relu(F.batch_norm(x, None, None, scale, shift, training=True))


def _realness_loss(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    """Compute the mean negative log-likelihood of Z / (Z + 1) for real pictures, and of 1 / (Z + 1) for others.

    real, generated: logits (N, C). Z = Σ exp(l).
    """
    return 0.5 * (F.softplus(-real.logsumexp(1)).mean() + F.softplus(generated.logsumexp(1)).mean())


def _agreement_loss(logits: torch.Tensor, guessed: torch.Tensor) -> torch.Tensor:
    """Compute the mean cross-entropy of logits (N, C) with target probabilities `guessed` (N, C)."""
    return F.cross_entropy(logits, guessed)


def _mean(features: torch.Tensor) -> torch.Tensor:
    """Return the mean (C,) of features (N, C) or (N, C, H, W) over a batch and its places."""
    return features.float().flatten(2).mean(dim=(0, 2)) if features.dim() > 2 else features.float().mean(0)


def _copied(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy(order="C")


def _fitting(state: Arrays, name: str) -> np.ndarray:
    if f"{PREFIX}{name}" not in state:
        raise ParametersError(f"{PREFIX}{name} is missing: did this training begin with a generator?")
    return np.array(state[f"{PREFIX}{name}"], np.float32)
