"""A trainable torch module made from an exported pair: the same function, the same parameter names.

The LSTM of torch has MXNet's gates in MXNet's order (i, f, c, o), so weights are used as they are. These differences
are handled: the running variance (MXNet averages the biased one), the momentum (MXNet's is the proportion that stays),
`fix_gamma`, and the special codes of Reshape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._torch import torch
from ..errors import GraphError, ParametersError
from .reordering import pool_first
from .symbol import Graph, Node

nn = torch.nn
F = nn.functional

Operator = Callable[[Node, list[torch.Tensor], bool], torch.Tensor]  # (node, inputs, whether training)


class GraphModule(torch.nn.Module):
    """A module from (N, 1, H, W) float32 to the graph's output; `arrays` and `load` exchange parameters under Gluon's
    names.
    """

    def __init__(self, graph: Graph, parameters: dict[str, np.ndarray]) -> None:
        super().__init__()
        self._graph = pool_first(graph)
        self._names = {name: f"p{number}" for number, name in enumerate(graph.weights + graph.statistics)}
        for name in graph.weights:
            self.register_parameter(self._names[name], nn.Parameter(_tensor(parameters, f"arg:{name}")))
        for name in graph.statistics:
            self.register_buffer(self._names[name], _tensor(parameters, f"aux:{name}"))
        self._plan = _plan(self._graph)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self._values(image)[self._graph.output]

    def with_features(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the output, and the value of the node `features`. Raises `GraphError` if there is none."""
        index = next((k for k, node in enumerate(self._graph.nodes) if node.name == "features"), None)
        if index is None:
            raise GraphError("the network has no node named features")
        values = self._values(image)
        return values[self._graph.output], values[index]

    def _values(self, image: torch.Tensor) -> dict[int, torch.Tensor]:
        nodes, values = self._graph.nodes, {self._graph.data: image}
        for index, operator, inputs in self._plan:
            arguments = [values[i] if isinstance(i, int) else self.tensor(i) for i in inputs]
            values[index] = operator(nodes[index], arguments, self.training)
        return values

    def tensor(self, name: str) -> torch.Tensor:
        """Return the parameter or running statistic of that Gluon name."""
        return getattr(self, self._names[name])

    def arrays(self) -> dict[str, np.ndarray]:
        """Copy all parameters, named as in `.params` files."""
        return {key: self.tensor(key[4:]).detach().cpu().numpy().copy(order="C") for key in self._graph.parameters}

    def load(self, parameters: dict[str, np.ndarray]) -> None:
        """Copy parameters into the module. Raises `ParametersError` for one that is missing or of another shape."""
        for key in self._graph.parameters:
            tensor, value = self.tensor(key[4:]), _tensor(parameters, key)
            if tensor.shape != value.shape:
                shapes = f"{tuple(value.shape)}, but this network's is {tuple(tensor.shape)}"
                raise ParametersError(f"{key} has shape {shapes}")
            with torch.no_grad():
                tensor.copy_(value)


def reshaped(shape: tuple[int, ...], codes: tuple[int, ...]) -> list[int]:
    """Apply MXNet's Reshape codes to a shape: 0 keep, -1 infer, -2 all the rest, -3 merge two, -4 split into the next
    two.
    """
    result: list[int] = []
    at, place = 0, 0
    while place < len(codes):
        code = codes[place]
        if code == -2:
            result += shape[at:]
            at = len(shape)
        elif code == -3:
            result.append(shape[at] * shape[at + 1])
            at += 2
        elif code == -4:
            first, second = codes[place + 1 : place + 3]
            result += [shape[at] // second if first == -1 else first, shape[at] // first if second == -1 else second]
            at, place = at + 1, place + 2
        else:
            result.append(shape[at] if code == 0 else code)
            at += 1
        place += 1
    return result


def _tensor(parameters: dict[str, np.ndarray], key: str) -> torch.Tensor:
    if key not in parameters:
        raise ParametersError(f"the parameters lack {key}, which the graph needs: are they of this network?")
    return torch.from_numpy(np.array(parameters[key], np.float32))


def _plan(graph: Graph) -> list[tuple[int, Operator, list[int | str]]]:
    """List the operators in order: only those that the output needs, with parameters by name and tensors by index."""
    needed, plan = {graph.output}, []
    for index in range(graph.output, -1, -1):
        node = graph.nodes[index]
        if index not in needed or node.operator == "null":
            continue
        inputs = _inputs(graph, node)
        needed.update(i for i in inputs if isinstance(i, int))
        plan.append((index, _operator(node), inputs))
    return plan[::-1]


def _inputs(graph: Graph, node: Node) -> list[int | str]:
    if node.operator == "RNN":
        return [node.inputs[0], *graph.rnn_parameters(node)]
    return [graph.nodes[i].name if graph.nodes[i].operator == "null" and i != graph.data else i for i in node.inputs]


def _operator(node: Node) -> Operator:
    if node.operator not in _OPERATORS:
        raise GraphError(f"{node.name}: {node.operator} is not supported here")
    return _OPERATORS[node.operator]


def _convolution(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    rank = x[1].ndim - 2
    function = (F.conv1d, F.conv2d)[rank - 1]
    ones, zeros = (1,) * rank, (0,) * rank
    stride, padding, dilation = node.get("stride", ones), node.get("pad", zeros), node.get("dilate", ones)
    return function(x[0], x[1], x[2] if len(x) > 2 else None, stride, padding, dilation, node.get("num_group", 1))


def _batch_norm(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    image, gamma, beta, running_mean, running_variance = x
    epsilon, momentum = node.get("eps", 1e-3), node.get("momentum", 0.9)
    if node.get("fix_gamma", True):
        gamma = torch.ones_like(gamma)
    if not training or node.get("use_global_stats", False):
        return F.batch_norm(image, running_mean, running_variance, gamma, beta, False, 0.0, epsilon)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        result, mean, variance, count = _joint_batch_norm(image, gamma, beta, epsilon)
    else:
        mean, variance = torch.zeros_like(running_mean), torch.zeros_like(running_variance)
        result = F.batch_norm(image, mean, variance, gamma, beta, True, 1.0, epsilon)  # 1: leaves the batch's in them
        count = image.numel() // image.shape[1]
    with torch.no_grad():
        running_mean.mul_(momentum).add_(mean, alpha=1 - momentum)
        running_variance.mul_(momentum).add_(variance, alpha=(1 - momentum) * (count - 1) / count)
    return result


def _joint_batch_norm(
    image: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, epsilon: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """Normalize by the statistics of the batch over all processes; also return mean, variance (n - 1) and count.

    torch's own SyncBatchNorm works on GPUs only.
    """
    from torch.distributed.nn.functional import all_reduce

    with torch.autocast(image.device.type, enabled=False):
        x, shape = image.float(), (1, -1, 1, 1)
        ones = x.new_full((1,), x.numel() / x.shape[1])
        sums = all_reduce(torch.cat([x.sum((0, 2, 3)), ones]))
        count, mean = sums[-1].detach(), sums[:-1] / sums[-1].detach()
        centered = x - mean.view(shape)
        variance = all_reduce(centered.square().sum((0, 2, 3))) / count
        scale = gamma * torch.rsqrt(variance + epsilon)
        result = centered * scale.view(shape) + beta.view(shape)
    number = float(count)
    return result.to(image.dtype), mean.detach(), variance.detach() * (number / (number - 1)), number


def _pooling(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    maximum = node.get("pool_type", "max") == "max"
    if node.get("global_pool", False):
        return x[0].amax((2, 3), keepdim=True) if maximum else x[0].mean((2, 3), keepdim=True)
    kernel = node.get("kernel", (1, 1))
    stride, padding = node.get("stride", (1, 1)), node.get("pad", (0, 0))
    ceiling = node.get("pooling_convention", "valid") == "full"
    if maximum:
        return F.max_pool2d(x[0], kernel, stride, padding, ceil_mode=ceiling)
    return F.avg_pool2d(x[0], kernel, stride, padding, ceiling, node.get("count_include_pad", True))


def _lstm(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    steps, half = x[0], (len(x) - 1) // 2
    weights, biases = x[1 : 1 + half], x[1 + half :]
    flat = [t for i in range(0, half, 2) for t in (*weights[i : i + 2], *biases[i : i + 2])]
    layers, both = node.get("num_layers", 1), node.get("bidirectional", False)
    state = steps.new_zeros(layers * (2 if both else 1), steps.shape[1], node.get("state_size", 0))
    return torch.lstm(steps, (state, state), flat, True, layers, float(node.get("p", 0.0)), training, both, False)[0]


def _dropout(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    share = float(node.get("p", 0.5))
    if not training or x[0].is_cuda:
        return F.dropout(x[0], share, training)
    return x[0] * _kept(x[0].shape, share) * (1 / (1 - share))


def _kept(shape: torch.Size, share: float) -> torch.Tensor:
    """Draw a random mask with a proportion `share` of it False, in steps of 1/65536.

    On the CPU, torch draws one number after the other in one thread: four masks from each take a quarter of the time.
    """
    count = shape.numel()
    draws = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None)
    return (draws.view(torch.int16)[:count] >= round(share * 65536) - 32768).view(shape)


def _dense(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    steps = x[0].flatten(1) if node.get("flatten", True) else x[0]
    return F.linear(steps, x[1], x[2] if len(x) > 2 else None)


def _transpose(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    axes = node.get("axes", ()) or tuple(range(x[0].ndim))[::-1]
    return x[0].permute(axes)


def _slice_axis(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    axis, begin, end = node.get("axis", 0), node.get("begin", 0), node.get("end", None)
    size = x[0].shape[axis]
    begin, end, _ = slice(begin, end).indices(size)
    return x[0].narrow(axis, begin, end - begin)


def _squeeze(node: Node, x: list[torch.Tensor], training: bool) -> torch.Tensor:
    axis = node.get("axis", None)
    return x[0].squeeze() if axis is None else x[0].squeeze(axis)


_ACTIVATIONS: dict[str, Any] = {"relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softrelu": F.softplus}

_OPERATORS: dict[str, Operator] = {
    "Activation": lambda node, x, training: _ACTIVATIONS[node.get("act_type", "relu")](x[0]),
    "BatchNorm": _batch_norm,
    "Concat": lambda node, x, training: torch.cat(x, node.get("dim", 1)),
    "Convolution": _convolution,
    "Dropout": _dropout,
    "Flatten": lambda node, x, training: x[0].flatten(1),
    "FullyConnected": _dense,
    "LeakyReLU": lambda node, x, training: F.leaky_relu(x[0], node.get("slope", 0.25)),
    "Pooling": _pooling,
    "RNN": _lstm,
    "Reshape": lambda node, x, training: x[0].reshape(reshaped(tuple(x[0].shape), node.get("shape", ()))),
    "SwapAxis": lambda node, x, training: x[0].transpose(node.get("dim1", 0), node.get("dim2", 0)),
    "UpSampling": lambda node, x, training: F.interpolate(
        x[0], scale_factor=float(node.get("scale", 1)), mode="nearest"
    ),
    "_copy": lambda node, x, training: x[0],
    "_minus_scalar": lambda node, x, training: x[0] - float(node.get("scalar", 0.0)),
    "_mul_scalar": lambda node, x, training: x[0] * float(node.get("scalar", 1.0)),
    "_plus_scalar": lambda node, x, training: x[0] + float(node.get("scalar", 0.0)),
    "broadcast_add": lambda node, x, training: x[0] + x[1],
    "broadcast_mul": lambda node, x, training: x[0] * x[1],
    "elemwise_add": lambda node, x, training: x[0] + x[1],
    "elemwise_mul": lambda node, x, training: x[0] * x[1],
    "expand_dims": lambda node, x, training: x[0].unsqueeze(node.get("axis", 0)),
    "relu": lambda node, x, training: F.relu(x[0]),
    "sigmoid": lambda node, x, training: torch.sigmoid(x[0]),
    "slice_axis": _slice_axis,
    "squeeze": _squeeze,
    "tanh": lambda node, x, training: torch.tanh(x[0]),
    "transpose": _transpose,
}
