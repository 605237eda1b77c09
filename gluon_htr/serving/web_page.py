"""Web page of the server, and the page that documents its interface."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "static"
SHARED = ("gluon_htr.pages.formats", "review")  # has files that review pages contain as well
SHARED_NAMES = {"zip.js", "tsv.js", "alternatives.js", "alternatives.css"}


def web_page_routes() -> APIRouter:
    """Route `/` and `/docs` to their pages, and `/static/NAME` to the files that these consist of."""
    router = APIRouter(include_in_schema=False)
    files = StaticFiles(directory=FOLDER, packages=[SHARED])
    names = {path.name for path in FOLDER.iterdir()} | SHARED_NAMES

    def add(path: str, fixed_name: str | None = None) -> None:
        async def static(request: Request) -> Response:
            name = fixed_name or request.path_params["name"]
            if name not in names:
                raise HTTPException(404)
            response = await files.get_response(name, request.scope)
            response.headers["Cache-Control"] = "no-cache"  # browsers keep a file, but ask each time if it has changed
            return response

        router.add_api_route(path, static, methods=["GET"])

    add("/", "index.html")
    add("/docs", "interface.html")
    add("/static/{name}")
    return router
