"""Graphs of one operator each, for tests of everything that computes what MXNet computes."""

from __future__ import annotations

from typing import Any

from needs_mxnet import need_mxnet

mx = need_mxnet()


def operators(data: Any) -> dict[str, Any]:
    """Name → symbol. data: a symbol of four axes."""
    return {
        "grouped, dilated convolution": mx.sym.Convolution(
            data, kernel=(3, 3), num_filter=4, num_group=2, dilate=(2, 1), pad=(2, 0), stride=(1, 2), name="c"
        ),
        "pooling, full": mx.sym.Pooling(data, kernel=(3, 2), stride=(2, 2), pool_type="max", pooling_convention="full"),
        "mean pooling": mx.sym.Pooling(data, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="avg"),
        "mean pooling without padding": mx.sym.Pooling(
            data, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="avg", count_include_pad=False
        ),
        "dense": mx.sym.FullyConnected(data, num_hidden=5, name="d"),
        "dense over the last axis": mx.sym.FullyConnected(data, num_hidden=5, flatten=False, no_bias=True, name="d"),
        "activations": mx.sym.Concat(
            *[mx.sym.Activation(data, act_type=kind) for kind in ("relu", "sigmoid", "tanh", "softrelu")], dim=1
        ),
        "leaky relu": mx.sym.LeakyReLU(data + -0.5, act_type="leaky", slope=0.1),
        "arithmetic": (data + 1 - 0.25) * (data * 3),
        "broadcasting": mx.sym.broadcast_mul(data, mx.sym.slice_axis(data, axis=3, begin=1, end=2)),
        "slices": mx.sym.slice_axis(data, axis=-1, begin=-4, end=None),
        "axes": mx.sym.squeeze(mx.sym.expand_dims(mx.sym.SwapAxis(data, dim1=1, dim2=3), axis=0), axis=0),
        "all axes": mx.sym.transpose(data),
    }
