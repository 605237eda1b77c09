"""The web page of the server, and the page that documents its interface: files of this package."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"


class _PageFiles(StaticFiles):
    """Static files that browsers keep, and check for a newer version at each visit (RFC 9111, section 5.2.2.4)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, or with 304 if the browser has it already."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_web_page(app: FastAPI) -> None:
    """Serve the page at `/`, the documentation of the interface at `/docs`, and their parts below `/static`."""
    files = _PageFiles(directory=FOLDER)
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    @router.get("/docs")
    async def interface(request: Request) -> Response:
        return await files.get_response("interface.html", request.scope)

    app.include_router(router)
    app.mount("/static", files)
