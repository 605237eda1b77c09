"""Request bodies and errors for the OpenAPI document. `payload.py` parses the bodies itself, and checks more."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from .pages.formats import MEDIA_TYPES, ZIP, ReadDocument
from .responses import Failure

#: Eight by eight white pixels.
EXAMPLE_IMAGE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAADUlEQVR42mP4z8SADAEPcQEOdvOI0AAAAABJRU5ErkJggg=="
)
IMAGE = {
    "type": "string",
    "description": "data:image/png;base64,…, or base64, also in its form for URLs",
}
MODEL = {"type": "string", "maxLength": 64, "description": "a name from /v1/models; without it, the default model"}
TEXT = {"type": "string", "maxLength": 2000}
FILE = {"type": "string", "format": "binary"}
PAGE_FILE = {**FILE, "description": "an image, a TIFF with several pages, or a PDF"}
DOCUMENT = {"$ref": "#/components/schemas/ReadDocument"}


def _request_body(**schemas: dict[str, Any]) -> dict[str, Any]:
    media_types = {"json": "application/json", "form": "multipart/form-data", "file": "application/octet-stream"}
    content = {media_types[name]: {"schema": schema} for name, schema in schemas.items()}
    return {"requestBody": {"required": True, "content": content}}


def _reading_body(file: dict[str, Any]) -> dict[str, Any]:
    """Return the request body of a route that reads. file: schema of a file that it takes."""
    return _request_body(
        json={
            "type": "object",
            "properties": {"image": IMAGE, "images": {"type": "array", "items": IMAGE}, "model": MODEL},
            "example": {"image": EXAMPLE_IMAGE},
        },
        form={"type": "object", "properties": {"image": file, "model": MODEL}, "additionalProperties": file},
        file=file,
    )


PREDICT_BODY = _reading_body(FILE)
CORRECTION_BODY = _request_body(
    json={
        "type": "object",
        "properties": {"image": IMAGE, "text": TEXT},
        "required": ["image", "text"],
        "example": {"image": EXAMPLE_IMAGE, "text": "word"},
    },
    form={"type": "object", "properties": {"image": FILE, "text": TEXT}, "required": ["image", "text"]},
)
READ_BODY = _reading_body(PAGE_FILE)
CONVERT_BODY = _request_body(json=DOCUMENT)
_FILES = {media_type.partition(";")[0]: {"schema": FILE} for media_type in (*MEDIA_TYPES.values(), ZIP)}
ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": description}
    for status, description in {
        400: "The request is malformed",
        401: "The API key is missing or wrong",
        403: "This server does not offer that",
        404: "There is no model of that name",
        408: "The body arrived too slowly",
        413: "The body has too many bytes or images",
        415: "The body is compressed",
        422: "The image is missing, corrupt, or has too many pixels",
        429: "The server is busy; see Retry-After",
        503: "Reading took too long; see Retry-After",
    }.items()
}
PAGE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The pages that were read. PAGE or ALTO of several pages is a .zip with a file for each",
        "content": {**_FILES, "application/json": {"schema": DOCUMENT}},
        "headers": {
            "Content-Disposition": {"description": "Name of the file", "schema": {"type": "string"}},
            "X-Failed-Pages": {
                "description": 'Pages that were not read: [{"page": 2, "error": "…"}]',
                "schema": {"type": "string"},
            },
        },
    },
    413: {"model": Failure, "description": "The body has too many bytes or pages"},
    422: {"model": Failure, "description": "No page can be read: the message says why of the first"},
    501: {
        "model": Failure,
        "description": "The server lacks the model or the package that this needs; the message names it",
    },
}


def describe_documents(app: FastAPI) -> None:
    """Add the schemas of documents, which FastAPI does not know, to the OpenAPI document of an application."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        _, schemas = msgspec.json.schema_components([ReadDocument], ref_template="#/components/schemas/{name}")
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
