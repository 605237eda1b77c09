"""ASGI application of one service: routes, middleware and error responses."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from .. import __version__
from .metrics import MetricsMiddleware
from .middleware.draining import DrainMiddleware
from .middleware.origins import OriginMiddleware
from .middleware.root_path import RootPathMiddleware
from .middleware.security import SecurityHeadersMiddleware, require_api_key
from .openapi import describe_documents
from .request_errors import RequestRejected
from .routes import metric_routes, operating_routes, page_routes, reading_routes
from .service import Service
from .web_page import web_page_routes

END_SECONDS = 5.0  # that the threads have to end in when every request has been answered or given up


def build_app(service: Service) -> FastAPI:
    """Build the application. It closes the service when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.ended = await anyio.to_thread.run_sync(service.close, END_SECONDS)

    settings = service.settings
    app = FastAPI(
        title="gluon_htr",
        summary="Reads handwriting",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages load scripts from other servers
        redoc_url=None,
        redirect_slashes=False,  # to whatever the request calls its host
        servers=[{"url": settings.root_path}] if settings.root_path else None,
    )
    key = settings.api_key
    dependencies = [Depends(require_api_key(key))] if key else []
    for routes in (reading_routes, page_routes, metric_routes):
        app.include_router(routes(service), dependencies=dependencies)
    app.include_router(operating_routes(service))
    app.include_router(web_page_routes())
    app.add_middleware(MetricsMiddleware, metrics=service.metrics)
    app.add_middleware(OriginMiddleware, hosts=settings.allowed_hosts, origins=settings.cors_origins)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(RootPathMiddleware, root_path=settings.root_path)
    app.add_middleware(DrainMiddleware, is_draining=lambda: service.draining)
    _handle_errors(app)
    describe_documents(app)
    return app


def _handle_errors(app: FastAPI) -> None:
    """Answer every error with `{"error": "one line"}`, which says nothing about the server's internals."""

    @app.exception_handler(RequestRejected)
    async def rejected(_: Request, error: RequestRejected) -> Response:
        return _failure(error.http_status, str(error), error.headers)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        return _failure(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return _failure(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    @app.exception_handler(ClientDisconnect)
    async def disconnected(_: Request, error: ClientDisconnect) -> Response:
        return _failure(400, "the client has disconnected")  # nobody receives it, but the metrics count it

    @app.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        return _failure(500, "the server failed: see its log")


def _failure(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)
