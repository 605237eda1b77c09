"""Updates of parameters in MXNet: its own operators, with their state held here, so that it is plain arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._mxnet import mx
from ...errors import ParametersError
from .interface import Arrays
from .optimizer import OptimizerSettings


class Updates:
    """Moments of trained parameters, by name, and the number of updates."""

    def __init__(self, parameters: Mapping[str, Any], settings: OptimizerSettings) -> None:
        self._parameters, self._settings, self._steps = parameters, settings, 0
        kinds = ("mean", "square") if settings.kind == "adam" else ("momentum",)
        self._moments = {f"{kind}:{n}": mx.nd.zeros(p.shape) for kind in kinds for n, p in parameters.items()}

    def state(self) -> Arrays:
        """Copy the moments and the number of updates."""
        moments = {key: array.asnumpy() for key, array in self._moments.items()}
        return {"steps": np.array([self._steps], np.int64), **moments}

    def restore(self, state: Arrays) -> None:
        """Load the result of `state`. Raises `ParametersError` if it is that of other parameters."""
        self._steps = int(fitting(state, "steps")[0])
        for key, array in self._moments.items():
            array[:] = mx.nd.array(fitting(state, key))

    def apply(self, rate: float) -> None:
        """Update every parameter by its gradient, at a learning rate."""
        settings = self._settings
        gradients = {name: parameter.grad() for name, parameter in self._parameters.items()}
        if settings.clip:
            mx.gluon.utils.clip_global_norm(list(gradients.values()), settings.clip, check_isfinite=False)
        self._steps += 1
        for name, parameter in self._parameters.items():
            weight, decay = parameter.data(), settings.weight_decay if settings.decays(name) else 0.0
            if settings.kind == "adam":
                self._adam(name, weight, gradients[name], rate, decay)
            else:
                momentum = self._moments[f"momentum:{name}"]
                momentum[:] = settings.momentum * momentum + gradients[name] + decay * weight
                weight[:] = weight - rate * momentum
        mx.nd.waitall()

    def _adam(self, name: str, weight: Any, gradient: Any, rate: float, decay: float) -> None:
        """Apply the update of Kingma and Ba; MXNet's operator leaves the bias correction to the caller."""
        settings = self._settings
        first, second = 1 - settings.beta1**self._steps, math.sqrt(1 - settings.beta2**self._steps)
        mx.nd.adam_update(
            weight,
            gradient,
            self._moments[f"mean:{name}"],
            self._moments[f"square:{name}"],
            lr=rate * second / first,
            beta1=settings.beta1,
            beta2=settings.beta2,
            epsilon=settings.epsilon * second,
            wd=decay,
            out=weight,
        )


def fitting(arrays: Arrays, key: str) -> np.ndarray:
    """Return an array by its name. Raises `ParametersError` if there is none."""
    if key not in arrays:
        raise ParametersError(f"{key} is missing: are these parameters of another network?")
    return np.asarray(arrays[key], np.float32)
