"""Why a request is not answered with a text: one line for its sender, and a status of HTTP (RFC 9110, section 15)."""

from __future__ import annotations

from ..errors import DataError


class RequestRejected(DataError):
    """A request that is refused. Its message reaches strangers, so it names nothing of the server."""

    def __init__(self, http_status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.headers = headers or {}


def busy(seconds: float, status: int = 429) -> RequestRejected:
    """There is more to do than is accepted. seconds: until it is worth another try."""
    later = max(1, round(seconds + 0.5))
    return RequestRejected(status, f"the server is busy: try again in {later} s", {"Retry-After": str(later)})
