"""Routes of the interface for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from .image_url import MAX_URL_LENGTH
from .openapi import CORRECTION_BODY, ERROR_RESPONSES, PREDICT_BODY
from .responses import CorrectionSaved, ModelCards, Reading, Readings, model_cards
from .service import Service

_ImageUrl = Annotated[str, Query(max_length=MAX_URL_LENGTH, description="http:// or https://, on a public server")]
_ModelName = Annotated[str | None, Query(max_length=64)]


def reading_routes(service: Service) -> APIRouter:
    """Route requests that read images, correct texts or list models. Docstrings go into the OpenAPI document."""
    router = APIRouter(tags=["reading"], responses=ERROR_RESPONSES)

    async def predict(request: Request) -> Response:
        """Read one image or several, sent as JSON, as a form (multipart), or as an image file.

        The response to one image is a reading. The response to `images`, or to a form with several files, is a list.
        """
        return _json(await service.predict(request))

    async def predict_url(image_url: _ImageUrl, model: _ModelName = None) -> Response:
        """Read an image that the server fetches from another one, if this is enabled."""
        return _json(await service.predict_url(image_url, model))

    either = Reading | Readings
    router.add_api_route("/v1/predict", predict, methods=["POST"], response_model=either, openapi_extra=PREDICT_BODY)
    router.add_api_route("/v1/predict", predict_url, methods=["GET"], response_model=Reading)
    for function, method in ((predict, "POST"), (predict_url, "GET")):  # for clients of older servers
        router.add_api_route("/predict", function, methods=[method], include_in_schema=False)

    @router.post("/v1/corrections", response_model=CorrectionSaved, status_code=201, openapi_extra=CORRECTION_BODY)
    async def correct(request: Request) -> Response:
        """Store an image with its correct text for training, if this is enabled."""
        return _json(CorrectionSaved(corrections=await service.correct(request)), 201)

    @router.get("/v1/models", response_model=ModelCards)
    async def models() -> Response:
        """List the models of this server."""
        return _json(model_cards(service.models, service.settings))

    return router


def operating_routes(service: Service) -> APIRouter:
    """Route the health checks of operators and proxies."""
    router = APIRouter(tags=["operating"], default_response_class=PlainTextResponse)

    @router.get("/healthz")
    async def healthz() -> Response:
        """Check that the server is alive."""
        return PlainTextResponse("alive\n")

    @router.get("/readyz", responses={503: {"description": "The server is busy, or about to end"}})
    async def readyz() -> Response:
        """Check that the server is ready for another request."""
        return PlainTextResponse("ready\n" if service.ready else "busy\n", 200 if service.ready else 503)

    return router


def metric_routes(service: Service) -> APIRouter:
    """Route the requests of Prometheus."""
    router = APIRouter(tags=["operating"], default_response_class=PlainTextResponse)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Return counts and durations in the format of Prometheus."""
        return PlainTextResponse(service.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _json(content: BaseModel, status: int = 200) -> Response:
    return Response(content.model_dump_json(), status, media_type="application/json")
