"""The fast engine: the exported graph as a torch module, in bfloat16 and channels-last, on the CPU or a CUDA device.

Weights, moments, loss and everything that `predict` computes stay float32; only training uses autocast to bfloat16, so
that the scores of both engines are equal.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

import numpy as np

from ..._torch import own_errors, torch
from ...errors import ParametersError, TeamError, UsageError
from ...graphs.pair import Pair
from ...graphs.symbol import parse_graph
from ...graphs.torch_module import GraphModule
from ...runtime.backends import LogitsFunction
from ..objectives import Objective
from ..objectives.batch import Batch
from ..objectives.torch import loss_function
from ..team import ALONE, Team, is_lost, lost
from .interface import Arrays
from .optimizer import OptimizerSettings

_STATE_NAMES = {"adam": {"mean": "exp_avg", "square": "exp_avg_sq"}, "sgd": {"momentum": "momentum_buffer"}}


class TorchEngine:
    """A GraphModule under training; `interface.py` documents its operations."""

    name = "torch"

    @own_errors()
    def __init__(
        self,
        symbol: str,
        parameters: Arrays,
        optimizer: OptimizerSettings,
        objective: Objective = "ctc",
        *,
        device: str = "cpu",
        precision: str = "float32",
        threads: int | None = None,
        team: Team = ALONE,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._device, self._settings, self._steps = _device(device), optimizer, 0
        self._loss = loss_function(objective)
        self._reduced = precision == "bfloat16"
        self._graph = parse_graph(symbol)
        self._module = GraphModule(self._graph, dict(parameters)).to(self._device)
        self._module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._trained = [name for name in self._graph.weights if optimizer.trains(name)]
        for name in self._graph.weights:  # no gradients of frozen weights
            self._module.tensor(name).requires_grad_(name in self._trained)
        self._optimizer = self._create_optimizer()
        self._forward: torch.nn.Module = self._module
        if team.size > 1:  # buffers are equal anyway: batch norms use the statistics of the whole batch
            self._forward = torch.nn.parallel.DistributedDataParallel(
                self._module, broadcast_buffers=False, static_graph=True
            )

    @own_errors()
    def step(self, batch: Batch, rate: float, seed: int) -> float:
        torch.manual_seed(seed)
        self._module.train()
        self._optimizer.zero_grad(set_to_none=True)
        try:
            with self._precision():
                logits = self._forward(self._images(batch.images))
            loss = self._loss(logits.float(), batch) * batch.weight
            loss.backward()
        except RuntimeError as error:
            if self._forward is self._module or not is_lost(error):
                raise
            raise TeamError(lost(error)) from None
        value = float(loss.detach())
        if math.isfinite(value):
            self._update(rate)
        return value

    @torch.inference_mode()
    @own_errors()
    def predict(self, images: np.ndarray) -> np.ndarray:
        self._module.eval()
        with torch.backends.cudnn.flags(allow_tf32=False):
            return self._module(self._images(images)).cpu().numpy()

    @own_errors()
    def parameters(self) -> Arrays:
        return self._module.arrays()

    @own_errors()
    def state(self) -> Arrays:
        arrays = {"steps": np.array([self._steps], np.int64)}
        for kind, key in _STATE_NAMES[self._settings.kind].items():
            for name in self._trained:
                parameter = self._module.tensor(name)
                moment = self._optimizer.state[parameter].get(key) if parameter in self._optimizer.state else None
                value = torch.zeros_like(parameter) if moment is None else moment
                arrays[f"{kind}:{name}"] = value.detach().cpu().numpy().copy(order="C")
        return arrays

    @own_errors()
    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        self._module.load(dict(parameters))
        if state is None:
            return
        self._steps = int(state["steps"][0])
        for name in self._trained:
            parameter = self._module.tensor(name)
            entry = self._optimizer.state[parameter]
            if self._settings.kind == "adam":
                entry["step"] = torch.tensor(float(self._steps), device=parameter.device)
            for kind, key in _STATE_NAMES[self._settings.kind].items():
                if f"{kind}:{name}" not in state:
                    raise ParametersError(f"{kind}:{name} is missing: is this state of another network or optimizer?")
                moment = torch.from_numpy(np.asarray(state[f"{kind}:{name}"], np.float32))
                entry[key] = torch.empty_like(parameter, requires_grad=False).copy_(moment)

    def _images(self, images: np.ndarray) -> torch.Tensor:
        return _scaled(images, self._device)

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._reduced)

    def _update(self, rate: float) -> None:
        if self._settings.clip:
            torch.nn.utils.clip_grad_norm_(self._module.parameters(), self._settings.clip)
        self._steps += 1
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()

    def _create_optimizer(self) -> torch.optim.Optimizer:
        settings = self._settings
        decayed = [self._module.tensor(name) for name in self._trained if settings.decays(name)]
        others = [self._module.tensor(name) for name in self._trained if not settings.decays(name)]
        groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
        groups = [group for group in groups if group["params"]]
        if settings.kind == "sgd":
            return torch.optim.SGD(groups, lr=1.0, momentum=settings.momentum, fused=True)
        betas = (settings.beta1, settings.beta2)
        return torch.optim.Adam(groups, lr=1.0, betas=betas, eps=settings.epsilon, fused=True)


def network_of(pair: Pair, device: str = "cpu", precision: str = "float32") -> LogitsFunction:
    """Make a network for reading, as `runtime.backends.pair_network` does, on a device and in a training's precision.

    Raises `UsageError` for a device that is not available, and the errors of torch as `TorchEngine` does.
    """
    place = _device(device)
    module = GraphModule(parse_graph(pair.symbol), dict(pair.parameters)).to(place).eval()
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    @own_errors()
    def network(images: np.ndarray) -> np.ndarray:
        with torch.autocast(place.type, torch.bfloat16, enabled=precision == "bfloat16"):
            return module(_scaled(images, place)).float().cpu().numpy()  # type: ignore[no-any-return]

    return network


def _scaled(images: np.ndarray, device: torch.device) -> torch.Tensor:
    """Convert (N, H, W) uint8 to (N, 1, H, W) float32 on the device, as `preprocessing.to_network_input` does in
    numpy.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device, non_blocking=True)
    return ((255.0 - pixels[:, None].float()) / 255.0).contiguous(memory_format=torch.channels_last)


def _device(name: str) -> torch.device:
    """Return the device of `cpu`, `gpu`, `gpu:0` or `cuda:0`. Raises `UsageError` if it is not available."""
    try:
        device = torch.device(name.replace("gpu", "cuda"))
    except RuntimeError:
        raise UsageError(f"there is no device {name!r}; give cpu or gpu:0") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"there is no device {name!r}; give cpu or gpu:0")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"torch {torch.__version__} sees no device {name} here; use --device cpu")
    return device
