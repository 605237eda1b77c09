"""The page in the browser: files of this package, held in memory, so that no address leads to any other file."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
ADDRESSES = {"/": "index.html", "/docs": "interface.html"}  # the others are at /static/NAME


@dataclass(frozen=True)
class _File:
    content: bytes
    kind: str
    tag: str

    def answer(self, request: Request) -> Response:
        """The file, unless the browser has it already (RFC 9110, section 13)."""
        headers = {"ETag": self.tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type=self.kind)


def page_routes() -> APIRouter:
    """The page, what it consists of, and a page about the interface."""
    router = APIRouter(include_in_schema=False)
    files = {path.name: _load(path) for path in FOLDER.iterdir() if path.is_file()}
    for address, name in (ADDRESSES | {f"/static/{name}": name for name in files}).items():
        router.add_api_route(address, _answering(files[name]), methods=["GET"])
    return router


def _answering(file: _File) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return file.answer(request)

    return answer


def _load(path: Path) -> _File:
    content = path.read_bytes()
    kind = {".js": "text/javascript", ".svg": "image/svg+xml"}.get(path.suffix) or mimetypes.guess_type(path)[0]
    return _File(content, kind or "application/octet-stream", f'"{hashlib.sha256(content).hexdigest()[:16]}"')
