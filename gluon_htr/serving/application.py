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
from .draining import DrainMiddleware
from .metrics import MetricsMiddleware
from .request_errors import RequestRejected
from .routes import metric_routes, operating_routes, reading_routes
from .security import SecurityHeadersMiddleware, require_api_key
from .service import Service
from .web_page import add_web_page


def build_app(service: Service) -> FastAPI:
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
    guards = [Depends(require_api_key(key))] if key else []
    for routes in (reading_routes, metric_routes):
        app.include_router(routes(service), dependencies=guards)
    app.include_router(operating_routes(service))
    add_web_page(app)
    app.add_middleware(MetricsMiddleware, metrics=service.metrics)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(DrainMiddleware, is_draining=lambda: service.draining)
    _explain_errors(app)
    return app


def _explain_errors(app: FastAPI) -> None:
    """Every error is answered with `{"error": "one line"}`, and with nothing of the server's insides."""

    @app.exception_handler(RequestRejected)
    async def refused(_: Request, error: RequestRejected) -> Response:
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
