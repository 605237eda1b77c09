"""The reference engine: MXNet on the CPU, the exported graph hybridized.

The updates are MXNet's own operators with the state held here, so that a checkpoint is plain arrays. MXNet computes
asynchronously: every step waits for its loss, or hundreds of batches would queue up in memory.
"""

from __future__ import annotations

import ctypes
import math

import numpy as np

from ..._mxnet import mx, own_errors
from ...errors import ParametersError
from ...graphs.symbol import parse_graph
from ...images.preprocessing import to_network_input
from ..objectives import Objective
from ..objectives.batch import Batch
from ..objectives.gluon import loss_function
from ..team import ALONE, Team
from .interface import Arrays
from .optimizer import OptimizerSettings


class GluonEngine:
    """A SymbolBlock under training; `interface.py` documents its operations."""

    name = "mxnet"

    @own_errors()
    def __init__(
        self,
        symbol: str,
        parameters: Arrays,
        optimizer: OptimizerSettings,
        objective: Objective = "ctc",
        threads: int | None = None,
        team: Team = ALONE,
    ) -> None:
        self._team = team
        if threads is not None:
            mx.base.check_call(mx.base._LIB.MXSetNumOMPThreads(ctypes.c_int(threads)))
        self._graph, self._optimizer, self._steps = parse_graph(symbol), optimizer, 0
        self._network = mx.gluon.SymbolBlock(mx.sym.load_json(symbol), mx.sym.var("data", dtype="float32"))
        blocks = self._network.collect_params()
        self._parameters = {key: blocks[key[4:]] for key in self._graph.parameters}
        for key, parameter in self._parameters.items():
            parameter.shape = _fitting(parameters, key).shape
        self._network.initialize(mx.init.Zero())
        self._network.hybridize(static_alloc=True)
        self._loss = loss_function(objective)
        weights = {key: p for key, p in self._parameters.items() if key.startswith("arg:")}
        self._trained = {key: p for key, p in weights.items() if optimizer.trains(key[4:])}
        for key in weights.keys() - self._trained.keys():
            weights[key].grad_req = "null"
        shapes = {key[4:]: parameter.shape for key, parameter in self._trained.items()}
        self._moments = {f"{kind}:{n}": mx.nd.zeros(shape) for kind in self._kinds for n, shape in shapes.items()}
        self.restore(parameters)

    @own_errors()
    def step(self, batch: Batch, rate: float, seed: int) -> float:
        mx.random.seed(seed % (1 << 31))
        images = mx.nd.array(to_network_input(batch.images))
        with mx.autograd.record():
            loss = self._loss(self._network(images), batch) * batch.weight
        loss.backward()
        value = float(loss.asscalar())
        if math.isfinite(self._averaged(value)):
            self._update(rate)
        return value

    @own_errors()
    def predict(self, images: np.ndarray) -> np.ndarray:
        return self._network(mx.nd.array(to_network_input(images))).asnumpy()

    @own_errors()
    def parameters(self) -> Arrays:
        return {key: parameter.data().asnumpy() for key, parameter in self._parameters.items()}

    @own_errors()
    def state(self) -> Arrays:
        moments = {key: array.asnumpy() for key, array in self._moments.items()}
        return {"steps": np.array([self._steps], np.int64), **moments}

    @own_errors()
    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        for key, parameter in self._parameters.items():
            value = _fitting(parameters, key)
            if value.shape != parameter.shape:
                raise ParametersError(f"{key} has shape {value.shape}, but this network's is {parameter.shape}")
            parameter.set_data(mx.nd.array(value))
        if state is not None:
            self._steps = int(state["steps"][0])
            for key, array in self._moments.items():
                array[:] = mx.nd.array(_fitting(state, key))

    @property
    def _kinds(self) -> tuple[str, ...]:
        return ("mean", "square") if self._optimizer.kind == "adam" else ("momentum",)

    def _averaged(self, loss: float) -> float:
        """Average gradients, and the statistics of batch norms, over the team. Return the average loss."""
        if self._team.size == 1:
            return loss
        statistics = [p.data() for key, p in self._parameters.items() if not key.startswith("arg:")]
        arrays = [*(parameter.grad() for parameter in self._trained.values()), *statistics]
        flat = mx.nd.concat(mx.nd.array([loss]), *(array.reshape(-1) for array in arrays), dim=0)
        mean = self._team.sum(flat, "gradients") / self._team.size
        start = 1
        for array in arrays:
            array[:] = mean[start : start + array.size].reshape(array.shape)
            start += array.size
        return float(mean[0].asscalar())

    def _update(self, rate: float) -> None:
        settings = self._optimizer
        gradients = {key: parameter.grad() for key, parameter in self._trained.items()}
        if settings.clip:
            mx.gluon.utils.clip_global_norm(list(gradients.values()), settings.clip, check_isfinite=False)
        self._steps += 1
        for key, parameter in self._trained.items():
            name, weight = key[4:], parameter.data()
            decay = settings.weight_decay if settings.decays(name) else 0.0
            if settings.kind == "adam":
                self._adam(name, weight, gradients[key], rate, decay)
            else:
                momentum = self._moments[f"momentum:{name}"]
                momentum[:] = settings.momentum * momentum + gradients[key] + decay * weight
                weight[:] = weight - rate * momentum
        mx.nd.waitall()

    def _adam(self, name: str, weight: mx.nd.NDArray, gradient: mx.nd.NDArray, rate: float, decay: float) -> None:
        """Apply the update of Kingma and Ba; MXNet's operator leaves the bias correction to the caller."""
        settings = self._optimizer
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


def _fitting(arrays: Arrays, key: str) -> np.ndarray:
    if key not in arrays:
        raise ParametersError(f"{key} is missing: are these parameters of another network?")
    return np.asarray(arrays[key], np.float32)
