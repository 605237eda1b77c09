"""Rejected requests: an HTTP status (RFC 9110, section 15) and one line for the client."""

from __future__ import annotations

from ..errors import DataError


class RequestRejected(DataError):
    """A request that the server rejects. Strangers read its message, so it says nothing about the server."""

    def __init__(self, http_status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.headers = headers or {}


def busy(seconds: float, status: int = 429) -> RequestRejected:
    """Make the error of a request that comes when the server is full. seconds: until another try makes sense."""
    retry_after = max(1, round(seconds + 0.5))
    return RequestRejected(
        status, f"the server is busy: try again in {retry_after} s", {"Retry-After": str(retry_after)}
    )
