"""Routes of the interface for programs."""

from __future__ import annotations

import json
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from .image_url import MAX_URL_LENGTH
from .openapi import CONVERT_BODY, CORRECTION_BODY, ERROR_RESPONSES, PAGE_RESPONSES, PREDICT_BODY, READ_BODY
from .pages.formats import ServedFile, accepted_format
from .pages.service import OutputOptions
from .responses import (
    CharacterReading,
    CorrectionSaved,
    ModelCards,
    Reading,
    Readings,
    ReadingWithAlternatives,
    model_cards,
)
from .service import Service

MAX_N_BEST = 20  # texts of a line: more are of no use to anybody, and beams are 16 to 24 wide
_ImageUrl = Annotated[str, Query(max_length=MAX_URL_LENGTH, description="http:// or https://, on a public server")]
_ModelName = Annotated[str | None, Query(max_length=64, description="a name from /v1/models")]
_NBest = Annotated[
    int | None,
    Query(
        ge=1, le=MAX_N_BEST, description="texts of a line and readings of its words; needs a server with beam search"
    ),
]
_FormatName = Literal["json", "txt", "page", "alto", "hocr", "pdf"]
_Format = Annotated[_FormatName | None, Query(description="output format; without it, the Accept header decides")]
_Pictures = Annotated[bool, Query(description="add the image of each page to the JSON, as a data URL")]


def reading_routes(service: Service) -> APIRouter:
    """Route requests that read images, correct texts or list models. Docstrings go into the OpenAPI document."""
    router = APIRouter(tags=["reading"], responses=ERROR_RESPONSES)

    async def predict(request: Request, model: _ModelName = None, n_best: _NBest = None) -> Response:
        """Read one image or several, sent as JSON, as a form (multipart), or as an image file.

        The response to one image is a reading. The response to `images`, or to a form with several files, is a list.
        """
        return _json(await service.predict(request, model, n_best))

    async def predict_url(image_url: _ImageUrl, model: _ModelName = None, n_best: _NBest = None) -> Response:
        """Read an image that the server fetches from another one, if this is enabled."""
        return _json(await service.predict_url(image_url, model, n_best))

    one = CharacterReading | ReadingWithAlternatives | Reading
    either = one | Readings
    router.add_api_route("/v1/predict", predict, methods=["POST"], response_model=either, openapi_extra=PREDICT_BODY)
    router.add_api_route("/v1/predict", predict_url, methods=["GET"], response_model=one)
    for function, method in ((predict, "POST"), (predict_url, "GET")):  # for clients of older servers
        router.add_api_route("/predict", function, methods=[method], include_in_schema=False)

    @router.post("/v1/corrections", response_model=CorrectionSaved, status_code=201, openapi_extra=CORRECTION_BODY)
    async def correct(request: Request) -> Response:
        """Store an image with its correct text for training, if this is enabled."""
        return _json(CorrectionSaved(corrections=await service.correct(request)), 201)

    @router.get("/v1/models", response_model=ModelCards)
    async def models() -> Response:
        """List the models of this server."""
        return _json(model_cards(service.models, service.settings, service.pages.available))

    return router


def page_routes(service: Service) -> APIRouter:
    """Route requests for whole pages."""
    router = APIRouter(tags=["pages"], responses=ERROR_RESPONSES | PAGE_RESPONSES)

    @router.post("/v1/read", openapi_extra=READ_BODY)
    async def read(
        request: Request,
        model: _ModelName = None,
        format: _Format = None,
        pictures: _Pictures = False,
        n_best: _NBest = None,
    ) -> Response:
        """Read whole pages: find the lines, read them, and put them in order.

        The body is sent as for `/v1/predict`. A file may be an image, a TIFF with several pages, or a PDF; the pages of
        several files are numbered through. The header `X-Failed-Pages` lists pages that could not be read.
        """
        return _file(await service.read(request, model, _output(request, format, pictures, n_best)))

    @router.get("/v1/read")
    async def read_url(
        request: Request,
        image_url: _ImageUrl,
        model: _ModelName = None,
        format: _Format = None,
        pictures: _Pictures = False,
        n_best: _NBest = None,
    ) -> Response:
        """Read pages that the server fetches from another one, if this is enabled."""
        return _file(await service.read_url(image_url, model, _output(request, format, pictures, n_best)))

    @router.post("/v1/convert", openapi_extra=CONVERT_BODY)
    async def convert(request: Request, format: _Format = None) -> Response:
        """Write a document of `/v1/read`, for example with corrected lines, in another format.

        PDF needs `pictures`, the images of the pages.
        """
        return _file(await service.convert(request, _output(request, format)))

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
        words = "ready\n" if service.ready else "stuck\n" if service.stuck else "busy\n"
        return PlainTextResponse(words, 200 if service.ready else 503)

    for path, function in (("/healthz", healthz), ("/readyz", readyz)):  # some proxies ask without a body
        router.add_api_route(path, function, methods=["HEAD"], include_in_schema=False)
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


def _output(request: Request, name: str | None, pictures: bool = False, n_best: int | None = None) -> OutputOptions:
    return OutputOptions(name or accepted_format(request.headers.get("accept", "")), pictures, n_best)


def _file(file: ServedFile) -> Response:
    """Answer with a file under its name (RFC 6266). Pages that are missing in it are listed in a header."""
    encoded = quote(file.name, safe=" ")
    name = f'filename="{file.name}"' if encoded == file.name else f"filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {"Content-Disposition": f"attachment; {name}", "Vary": "Accept"}
    if file.failures:
        headers["X-Failed-Pages"] = json.dumps(msgspec.to_builtins(file.failures))
    return Response(file.content, headers=headers, media_type=file.media_type)
