"""Networks on a model server (Triton, KServe and others), by version 2 of the Open Inference Protocol.

`POST /v2/models/NAME/infer` with tensors as JSON: https://github.com/kserve/open-inference-protocol. Images are
preprocessed and texts decoded here, so that the server needs nothing but the ONNX graph.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from ..errors import ServerError
from ..images.preprocessing import to_network_input

if TYPE_CHECKING:
    from urllib.error import HTTPError

TIMEOUT = 60.0  # seconds
_MAX_RESPONSE_BYTES = 256 << 20  # bytes of an answer


def is_address(engine: str) -> bool:
    """Test whether an engine's name is the address of a server."""
    return engine.startswith(("http://", "https://"))


def remote_network(address: str, model: str, source: str, target: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function (N, H, W) uint8 → logits float32, (N, T, C) or of characters (N, C), that calls `model` of the
    server at `address` (`http://host:8000`).

    source, target: names of its input and output. The function raises `ServerError` if the server does not answer, has
    no such model, or answers with something else.
    """
    where = f"{address.rstrip('/')}/v2/models/{quote(model, safe='')}/infer"

    def network(images: np.ndarray) -> np.ndarray:
        return parse_response(_post(where, inference_request(to_network_input(images), source, target)), target, where)

    return network


def inference_request(images: np.ndarray, source: str, target: str) -> dict[str, Any]:
    """Build the JSON of a request for images (N, 1, H, W) float32."""
    tensor = {"name": source, "shape": list(images.shape), "datatype": "FP32", "data": images.ravel().tolist()}
    return {"inputs": [tensor], "outputs": [{"name": target}]}


def parse_response(content: Any, target: str, where: str) -> np.ndarray:
    """Parse the output `target` of a response's JSON to (N, T, C) or (N, C) float32. Raises `ServerError`, which names
    `where`.
    """
    try:
        (tensor,) = (output for output in content["outputs"] if output["name"] == target)
        logits = np.array(tensor["data"], np.float32).reshape(tensor["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise ServerError(
            f"{where} did not answer with the tensor {target} ({type(error).__name__}: {error})"
        ) from None
    if logits.ndim not in (2, 3) or not np.isfinite(logits).all():
        raise ServerError(
            f"{where} answered with {target} of shape {logits.shape}, which is not the shape of logits (N, T, C)"
        )
    return logits


def _post(where: str, content: dict[str, Any]) -> Any:
    from http.client import HTTPException  # imported here: it costs a tenth of a cold start, and few readers need it
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    try:
        request = Request(where, json.dumps(content).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=TIMEOUT) as response:
            return json.loads(response.read(_MAX_RESPONSE_BYTES))
    except HTTPError as error:
        raise ServerError(f"{where} answered with status {error.code}: {_reason(error)}") from None
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ServerError(
            f"{where} cannot be reached ({reason}): is the server running, and is it a model server?"
        ) from None


def _reason(error: HTTPError) -> str:
    """Return the error message of the server, `{"error": "…"}` in the protocol."""
    try:
        return " ".join(str(json.loads(error.read(10_000))["error"]).split())[:200]
    except (OSError, ValueError, KeyError, TypeError):
        return str(error.reason)
