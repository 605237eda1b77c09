"""Which address answers what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from .image_url import MAX_URL_LENGTH
from .openapi import CORRECTION_BODY, ERROR_RESPONSES, PREDICT_BODY
from .responses import CorrectionSaved, ModelCards, Reading, Readings, cards
from .service import Service


def reading_routes(service: Service) -> APIRouter:
    """What reads, and what it reads with."""
    router = APIRouter(tags=["reading"], responses=ERROR_RESPONSES)

    async def predict(request: Request) -> Response:
        """Reads one image or several, as JSON, as a form (multipart), or as the file itself.

        One image is answered with a reading; `images`, or a form with several files, with a list of them.
        """
        return _json(await service.predict(request))

    async def predict_url(
        image_url: Annotated[
            str, Query(max_length=MAX_URL_LENGTH, description="http:// or https://, on a public server")
        ],
        model: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        """Reads an image of another server, where this is switched on."""
        return _json(await service.predict_url(image_url, model))

    both = Reading | Readings
    router.add_api_route("/v1/predict", predict, methods=["POST"], response_model=both, openapi_extra=PREDICT_BODY)
    router.add_api_route("/v1/predict", predict_url, methods=["GET"], response_model=Reading)
    for function, method in ((predict, "POST"), (predict_url, "GET")):  # for clients of older servers
        router.add_api_route("/predict", function, methods=[method], include_in_schema=False)

    @router.post("/v1/corrections", response_model=CorrectionSaved, status_code=201, openapi_extra=CORRECTION_BODY)
    async def correct(request: Request) -> Response:
        """Keeps an image with its right text for training, where this is switched on."""
        return _json(CorrectionSaved(corrections=await service.correct(request)), 201)

    @router.get("/v1/models", response_model=ModelCards)
    async def models() -> Response:
        """The models that read here."""
        return _json(cards(service.models, service.settings))

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
        return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _json(content: BaseModel, status: int = 200) -> Response:
    return Response(content.model_dump_json(), status, media_type="application/json")
