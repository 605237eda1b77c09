"""Backends that compute logits from an exported pair or an ONNX graph: one function of images for all engines."""

from __future__ import annotations

import json
import tempfile
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from ..errors import GraphError, MissingToolError, UsageError
from ..graphs.pair import PARAMETERS, SYMBOL, Pair, write_pair
from ..graphs.symbol import parse_graph
from ..images.preprocessing import to_network_input

ENGINES = ("onnx", "mxnet", "torch")
PRECISIONS = ("float32", "int8")
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


class LogitsFunction(Protocol):
    """A network for inference."""

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        """Compute logits (N, T, C), the blank last, float32, or float64 if requested.

        images: (N, H, W) uint8, 0 = black ink, 255 = paper.
        """
        ...


def pair_network(
    pair: Pair, engine: str, threads: int | None = None, providers: Sequence[str] = ("cpu",)
) -> LogitsFunction:
    """Load a pair into `engine`, one of `ENGINES`; threads and providers are those of the engine onnx.

    Raises `MissingToolError` if the package of the engine is not installed, `UsageError` for an unknown engine.
    """
    if engine == "onnx":
        return onnx_network(convert(pair), threads, providers)
    if engine == "mxnet":
        return mxnet_network(pair)
    if engine == "torch":
        return _torch(pair)
    raise UsageError(
        f"unknown engine '{engine}'; use {', '.join(ENGINES)}, or for a bundle http://HOST:PORT of a model server"
    )


def convert(pair: Pair) -> bytes:
    """Convert a pair to an ONNX graph; readers of bundles never need it. Raises `MissingToolError` without onnx."""
    try:
        from ..graphs.onnx.writer import to_onnx
    except ImportError:
        raise MissingToolError(
            "reading a run needs the package onnx: pip install onnx, or export the run to a bundle"
        ) from None
    return to_onnx(parse_graph(pair.symbol), dict(pair.parameters)).SerializeToString()


def onnx_network(model: bytes, threads: int | None = None, providers: Sequence[str] = ("cpu",)) -> LogitsFunction:
    """Load an ONNX graph with one input, scaled images (N, 1, H, W), and one output, logits. Threads may share it.

    providers: keys of `PROVIDERS` or ONNX Runtime's own names, in order of preference. Raises `MissingToolError` for
    one that this onnxruntime does not have or cannot load, `GraphError` for an invalid graph.
    """
    from .._onnxruntime import onnxruntime, open_session, session_options

    chosen = _providers(providers, onnxruntime.get_available_providers())
    options = session_options(threads)
    options.enable_mem_pattern = False  # it plans memory for each new width and keeps every plan
    try:
        session = open_session(model, options, chosen)
        (source,), (target,) = session.get_inputs(), session.get_outputs()
    except Exception as error:  # ONNX Runtime's exceptions have no common base
        raise GraphError(f"ONNX Runtime cannot load the model: {_first_line(error)}") from None
    if lost := [name for name in chosen if name not in session.get_providers()]:  # it goes on without, silently
        raise MissingToolError(
            f"{lost[0]} cannot be used here: its libraries or its device are missing. Install what this build of "
            "onnxruntime needs, or read with --provider cpu"
        )

    def network(images: np.ndarray) -> np.ndarray:
        try:
            return session.run([target.name], {source.name: to_network_input(images)})[0]  # type: ignore[no-any-return]
        except Exception as error:
            if "allocate memory" in str(error):  # ONNX Runtime has no class of its own for it
                raise MemoryError(f"for images of {images.shape[1:]}") from None
            raise GraphError(f"the model cannot read images of {images.shape[1:]}: {_first_line(error)}") from None

    return network


def one_by_one(network: LogitsFunction, threads: int | None = None) -> LogitsFunction:
    """Wrap a network to compute image by image: for graphs whose scales depend on the whole batch.

    network: safe to share between threads, preferably with one thread of its own. threads: images at once; None for one
    per core.
    """
    from concurrent.futures import ThreadPoolExecutor

    from .._processes import cores

    workers = threads or cores()

    def alone(images: np.ndarray) -> np.ndarray:
        if len(images) == 1 or workers == 1:
            return np.concatenate([network(image[None]) for image in images])
        with ThreadPoolExecutor(min(workers, len(images))) as pool:
            return np.concatenate(list(pool.map(lambda image: network(image[None]), images)))

    return alone


def _providers(names: Sequence[str], available: Sequence[str]) -> list[str]:
    """Return ONNX Runtime's names; the CPU always comes last, for operators that an accelerator lacks."""
    if isinstance(names, str):  # a single name would be taken for a list of letters
        names = [names]
    names = [PROVIDERS.get(name.lower(), name) for name in names]
    if missing := [name for name in names if name not in available]:
        raise MissingToolError(
            f"this onnxruntime has no {missing[0]}; it has {', '.join(available)}: install a build that has it"
        )
    return [*dict.fromkeys([*names, PROVIDERS["cpu"]])]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]


def mxnet_network(pair: Pair, dtype: Literal["float32", "float64"] = "float32") -> LogitsFunction:
    """Load the reference network. It computes one call at a time: MXNet's blocks are not thread-safe.

    dtype: type of computation and logits; float64 shows the rounding of everything else.
    """
    from .._mxnet import mx, own_errors

    parameters = {name: np.asarray(array, dtype) for name, array in pair.parameters.items()}
    with own_errors(), tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SymbolBlock.imports speaks of unused variables
        write_pair(Path(folder), Pair(computed_in(pair.symbol, dtype), parameters))
        block = mx.gluon.SymbolBlock.imports(str(Path(folder) / SYMBOL), ["data"], str(Path(folder) / PARAMETERS))
    block.hybridize(static_alloc=True)
    turn = threading.Lock()

    def network(images: np.ndarray) -> np.ndarray:
        with turn, own_errors():
            return block(mx.nd.array(to_network_input(images), dtype=dtype)).asnumpy()  # type: ignore[no-any-return]

    return network


def computed_in(symbol: str, dtype: str) -> str:
    """Set the type of the arrays that `symbol.json` creates itself, such as an LSTM's first states."""
    graph = json.loads(symbol)
    for node in graph["nodes"]:
        if "dtype" in node.get("attrs", {}):
            node["attrs"]["dtype"] = dtype
    return json.dumps(graph)


def _torch(pair: Pair) -> LogitsFunction:
    from .._torch import own_errors, torch
    from ..graphs.torch_module import GraphModule

    module: Any = GraphModule(parse_graph(pair.symbol), dict(pair.parameters)).eval()

    def network(images: np.ndarray) -> np.ndarray:
        with own_errors(), torch.inference_mode():
            return module(torch.from_numpy(to_network_input(images))).numpy()  # type: ignore[no-any-return]

    return network
