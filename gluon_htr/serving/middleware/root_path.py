"""Path below which a proxy offers the server (`https://host/htr/`), whether the proxy removes it or not."""

from __future__ import annotations

import re

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import UsageError


def check_root_path(path: str) -> str:
    """Return a path without its last slash; empty for the root. Raise `UsageError` if it is not one."""
    path = "/" + path.strip("/") if path.strip("/") else ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path) or "/.." in path:
        raise UsageError(f"--root-path {path} is not a path such as /htr")
    return path


class RootPathMiddleware:
    """Middleware that removes the path of the server from requests, where the proxy has not done so."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app, self._root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and self._root_path:
            path = scope["path"]
            if path == self._root_path:  # addresses in the page are relative to it: it must end with a slash
                await RedirectResponse(f"{self._root_path}/", 308)(scope, receive, send)
                return
            if path.startswith(f"{self._root_path}/"):
                rest = path[len(self._root_path) :]
                scope = {**scope, "path": rest, "raw_path": rest.encode()}
        await self._app(scope, receive, send)
