"""The application: routes, guards and error texts, put together around one service."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from .. import __version__
from .guards import Protected, key_guard
from .instruments import Watched
from .page import page_routes
from .refusals import Refusal
from .routes import metric_routes, operating_routes, reading_routes
from .service import Service


def build(service: Service) -> FastAPI:
    """The ASGI application; the service is closed when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="gluon_htr",
        summary="Reads handwriting",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages fetch their programs from elsewhere
        redoc_url=None,
    )
    key = service.settings.api_key
    guards = [Depends(key_guard(key))] if key else []
    for routes in (reading_routes, metric_routes):
        app.include_router(routes(service), dependencies=guards)
    app.include_router(operating_routes(service))
    app.include_router(page_routes())
    app.add_middleware(Watched, instruments=service.instruments)
    app.add_middleware(Protected)
    _explain_errors(app)
    return app


def _explain_errors(app: FastAPI) -> None:
    """Every error is answered with `{"error": "one line"}`, and with nothing of the server's insides."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> Response:
        return _failure(error.http_status, str(error), error.headers)

    @app.exception_handler(HTTPException)
    async def not_there(_: Request, error: HTTPException) -> Response:
        return _failure(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def not_valid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return _failure(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, error: ClientDisconnect) -> Response:
        return _failure(400, "the connection was cut")  # nobody hears it, but it is counted

    @app.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        return _failure(500, "the server has failed: its log says why")


def _failure(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)
