"""Engines, which compute the training. Each is imported only when needed, so that neither needs the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from ...errors import UsageError
from ...graphs.pair import Pair, read_pair
from ...runtime.backends import LogitsFunction
from ..objectives import Objective
from ..team import ALONE, Team
from .interface import Engine
from .optimizer import OptimizerSettings

__all__ = ["OptimizerSettings", "create_engine", "fastest_precision", "network_maker"]

Precision = Literal["float32", "bfloat16"]


def create_engine(
    kind: Literal["mxnet", "torch"],
    pair: Path | Pair,
    optimizer: OptimizerSettings,
    *,
    objective: Objective = "ctc",
    device: str = "cpu",
    precision: Precision = "float32",
    threads: int | None = None,
    team: Team = ALONE,
) -> Engine:
    """Create an engine that starts from an exported pair.

    pair: a folder with `symbol.json` and `model.params`, or their contents. device: `cpu`, or `gpu:0` (also `cuda:0`)
    with torch. threads: None leaves it to the engine. team: processes that train together. Raises
    `MissingToolError`, `UsageError`, `GraphError`, `ParametersError`.
    """
    pair = read_pair(pair) if isinstance(pair, Path) else pair
    symbol, parameters = pair.symbol, dict(pair.parameters)
    for prefix in optimizer.frozen:
        if not any(name.startswith(f"arg:{prefix}") for name in parameters):
            raise UsageError(f"frozen: no weight has a name that begins with {prefix!r}; stage is the featurizer")
    if kind == "torch":
        from .torch import TorchEngine

        return TorchEngine(
            symbol, parameters, optimizer, objective, device=device, precision=precision, threads=threads, team=team
        )
    if kind != "mxnet":
        raise UsageError(f"unknown engine {kind!r}; the engines are mxnet and torch")
    if device != "cpu" or precision != "float32":
        raise UsageError(
            f"the engine mxnet trains on the cpu in float32, not on {device} in {precision}: use --engine torch"
        )
    if threads is not None:
        os.environ["MXNET_OMP_MAX_THREADS"] = str(threads)  # has an effect if mxnet has not been imported yet
    from .gluon import GluonEngine

    return GluonEngine(symbol, parameters, optimizer, objective, threads, team)


def network_maker(
    kind: Literal["mxnet", "torch"], device: str, precision: Precision
) -> Callable[[Pair], LogitsFunction] | None:
    """Return what makes a network for reading during a training: on its device, in its precision.

    None: ONNX Runtime is faster, as it is on a CPU in float32.
    """
    if kind != "torch" or (device == "cpu" and precision == "float32"):
        return None
    from .torch import network_of

    return partial(network_of, device=device, precision=precision)


def fastest_precision(kind: Literal["mxnet", "torch"], device: str) -> Precision:
    """Return the fastest training precision of an engine. Raises `MissingToolError` without torch if that is the
    engine.

    A device without instructions for bfloat16 emulates it: the preset `lines-fast` is then three times slower than in
    float32.
    """
    if kind == "mxnet":
        return "float32"
    from ..._torch import torch

    if device == "cpu":
        has_it = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    else:
        has_it = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if has_it else "float32"
