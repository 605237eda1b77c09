"""Supported operators and their supported options: those that torch and ONNX can both represent exactly.

An option that is not listed may have any value. The first of the allowed values is MXNet's default.
"""

from __future__ import annotations

from typing import Any

ACTIVATIONS = ("relu", "sigmoid", "tanh", "softrelu")

OPERATORS: dict[str, dict[str, tuple[Any, ...]]] = {
    "Activation": {"act_type": ACTIVATIONS},
    "BatchNorm": {"axis": (1,)},
    "Concat": {},
    "Convolution": {"layout": ("NCHW", "NCW")},
    "Dropout": {},
    "Flatten": {},
    "FullyConnected": {},
    "LeakyReLU": {"act_type": ("leaky",)},
    "Pooling": {"pool_type": ("max", "avg"), "pooling_convention": ("valid", "full"), "layout": ("NCHW",)},
    "RNN": {"mode": ("lstm",), "use_sequence_length": (False,), "projection_size": (None,)},
    "Reshape": {"reverse": (False,)},
    "SwapAxis": {},
    "UpSampling": {"sample_type": ("nearest",)},
    "_copy": {},
    "_minus_scalar": {},
    "_mul_scalar": {},
    "_plus_scalar": {},
    "_rnn_param_concat": {},
    "_zeros": {},
    "broadcast_add": {},
    "broadcast_mul": {},
    "elemwise_add": {},
    "elemwise_mul": {},
    "expand_dims": {},
    "relu": {},
    "sigmoid": {},
    "slice_axis": {},
    "squeeze": {},
    "tanh": {},
    "transpose": {},
}
