"""The reference engine: MXNet on the CPU, the exported graph hybridized.

MXNet computes asynchronously: every step waits for its loss, or hundreds of batches would queue up in memory.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from ..._mxnet import mx, own_errors
from ...errors import ParametersError
from ...graphs.symbol import parse_graph
from ...images.preprocessing import to_network_input
from ..objectives import Objective
from ..objectives.batch import Batch
from ..objectives.gluon import loss_function
from ..team import ALONE, Team
from .gluon_updates import Updates, fitting
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
        self._graph = parse_graph(symbol)
        outputs = self._outputs(mx.sym.load_json(symbol))
        self._network = mx.gluon.SymbolBlock(outputs, mx.sym.var("data", dtype="float32"))
        blocks = self._network.collect_params()
        self._parameters = {key: blocks[key[4:]] for key in self._graph.parameters}
        for key, parameter in self._parameters.items():
            parameter.shape = fitting(parameters, key).shape
        self._network.initialize(mx.init.Zero())
        self._network.hybridize(static_alloc=True)
        self._loss = loss_function(objective)
        weights = {key: p for key, p in self._parameters.items() if key.startswith("arg:")}
        self._trained = {key: p for key, p in weights.items() if optimizer.trains(key[4:])}
        for key in weights.keys() - self._trained.keys():
            weights[key].grad_req = "null"
        self._updates = Updates({key[4:]: parameter for key, parameter in self._trained.items()}, optimizer)
        self.restore(parameters)

    @staticmethod
    def _outputs(symbol: mx.sym.Symbol) -> mx.sym.Symbol:
        """Return what the network computes in training."""
        return symbol

    @own_errors()
    def step(self, batch: Batch, rate: float, seed: int) -> float:
        mx.random.seed(seed % (1 << 31))
        images = mx.nd.array(to_network_input(batch.images))
        with mx.autograd.record():
            loss = self._loss(self._logits(images), batch) * batch.weight
        loss.backward()
        value = float(loss.asscalar())
        if math.isfinite(self._averaged(value)):
            self._updates.apply(rate)
        return value

    @own_errors()
    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(self._logits(mx.nd.array(to_network_input(images))).asnumpy())

    @own_errors()
    def parameters(self) -> Arrays:
        return {key: parameter.data().asnumpy() for key, parameter in self._parameters.items()}

    @own_errors()
    def state(self) -> Arrays:
        return self._updates.state()

    @own_errors()
    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        for key, parameter in self._parameters.items():
            value = fitting(parameters, key)
            if value.shape != parameter.shape:
                raise ParametersError(f"{key} has shape {value.shape}, but this network's is {parameter.shape}")
            parameter.set_data(mx.nd.array(value))
        if state is not None:
            self._updates.restore(state)

    def _logits(self, images: Any) -> Any:
        return self._network(images)

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
