"""What the OpenAPI document says of bodies and refusals; bodies are taken apart by `bodies.py`, which looks closer."""

from __future__ import annotations

from typing import Any

from .responses import Failure

#: Eight by eight white pixels.
EXAMPLE_IMAGE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAADUlEQVR42mP4z8SADAEPcQEOdvOI0AAAAABJRU5ErkJggg=="
)
IMAGE = {"type": "string", "description": "data:image/png;base64,…, or the base64 alone"}
MODEL = {"type": "string", "maxLength": 64, "description": "one of /v1/models; the default where it is missing"}
TEXT = {"type": "string", "maxLength": 2000}
FILE = {"type": "string", "format": "binary"}


def _request_body(**kinds: dict[str, Any]) -> dict[str, Any]:
    types = {"json": "application/json", "form": "multipart/form-data", "file": "application/octet-stream"}
    content = {types[name]: {"schema": schema} for name, schema in kinds.items()}
    return {"requestBody": {"required": True, "content": content}}


PREDICT_BODY = _request_body(
    json={
        "type": "object",
        "properties": {"image": IMAGE, "images": {"type": "array", "items": IMAGE}, "model": MODEL},
        "example": {"image": EXAMPLE_IMAGE},
    },
    form={"type": "object", "properties": {"image": FILE, "model": MODEL}, "additionalProperties": FILE},
    file=FILE,
)
CORRECTION_BODY = _request_body(
    json={
        "type": "object",
        "properties": {"image": IMAGE, "text": TEXT},
        "required": ["image", "text"],
        "example": {"image": EXAMPLE_IMAGE, "text": "word"},
    },
    form={"type": "object", "properties": {"image": FILE, "text": TEXT}, "required": ["image", "text"]},
)
ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": description}
    for status, description in {
        400: "The request cannot be understood",
        401: "The API key is missing or wrong",
        403: "This server does not do that",
        404: "There is no such model",
        408: "The body was too slow",
        413: "The body has too many bytes or images",
        415: "The body is compressed",
        422: "The image is none, is broken, or has too many pixels",
        429: "The server is busy; Retry-After says how long",
        503: "It took too long; Retry-After says when to try again",
    }.items()
}
