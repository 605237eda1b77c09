"""Which address answers what."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from .answers import Failure, ModelCards, Reading, Readings, cards
from .service import Service

IMAGE = {"type": "string", "description": "data:image/png;base64,…, or the base64 alone"}
MODEL = {"type": "string", "maxLength": 64, "description": "one of /v1/models; the default where it is missing"}
DOCUMENT = {
    "type": "object",
    "properties": {"image": IMAGE, "images": {"type": "array", "items": IMAGE}, "model": MODEL},
}
FILE = {"type": "string", "format": "binary"}
FORM = {"type": "object", "properties": {"image": FILE, "model": MODEL}, "additionalProperties": FILE}
BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": DOCUMENT},
        "multipart/form-data": {"schema": FORM},
        "application/octet-stream": {"schema": FILE},
    },
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "The request cannot be understood"},
    404: {"model": Failure, "description": "There is no such model"},
    408: {"model": Failure, "description": "The body was too slow"},
    413: {"model": Failure, "description": "The body has too many bytes or images"},
    415: {"model": Failure, "description": "The body is compressed"},
    422: {"model": Failure, "description": "The image is none, is broken, or has too many pixels"},
    429: {"model": Failure, "description": "The server is busy; Retry-After says how long"},
    503: {"model": Failure, "description": "It took too long; Retry-After says when to try again"},
}


def reading_routes(service: Service) -> APIRouter:
    """What reads, and what it reads with."""
    router = APIRouter(tags=["reading"], responses=REFUSALS)

    async def predict(request: Request) -> Response:
        """Reads one image or several, as JSON, as a form (multipart), or as the file itself.

        One image is answered with a reading; `images`, or a form with several files, with a list of them.
        """
        return _json(await service.predict(request))

    for path in ("/v1/predict", "/predict"):  # the second is for clients of older servers
        router.add_api_route(
            path,
            predict,
            methods=["POST"],
            response_model=Reading | Readings,
            openapi_extra={"requestBody": BODY},
            include_in_schema=path.startswith("/v1"),
        )

    @router.get("/v1/models", response_model=ModelCards)
    async def models() -> Response:
        """The models that read here."""
        return _json(cards(service.models))

    return router


def operating_routes(service: Service) -> APIRouter:
    """What those who run the server look at."""
    router = APIRouter(tags=["operating"], default_response_class=PlainTextResponse)

    @router.get("/healthz")
    async def healthz() -> Response:
        """Whether the server lives."""
        return PlainTextResponse("alive\n")

    @router.get("/readyz", responses={503: {"description": "Busy, or about to end"}})
    async def readyz() -> Response:
        """Whether another request is welcome."""
        return PlainTextResponse("ready\n" if service.ready else "busy\n", 200 if service.ready else 503)

    return router


def metric_routes(service: Service) -> APIRouter:
    """What Prometheus fetches."""
    router = APIRouter(tags=["operating"], default_response_class=PlainTextResponse)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Counts and durations in the format of Prometheus."""
        return PlainTextResponse(service.instruments.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _json(content: BaseModel) -> Response:
    return Response(content.model_dump_json(), media_type="application/json")
