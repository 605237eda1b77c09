"""What an operator watches: counts and durations in the format of Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("gluon_htr_requests", "Requests answered", ["route", "status"], registry=self.registry)
        self.seconds = Histogram(
            "gluon_htr_request_seconds", "From head to answer", ["route"], buckets=SECONDS, registry=self.registry
        )
        self.batches = Histogram("gluon_htr_batch_images", "Images a batch", buckets=SIZES, registry=self.registry)
        self.reading = Counter("gluon_htr_reading_seconds", "Time spent reading batches", registry=self.registry)

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """A gauge that is asked for its value when somebody looks."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def batch(self, images: int, seconds: float) -> None:
        """A batch was read."""
        self.batches.observe(images)
        self.reading.inc(seconds)

    def text(self) -> bytes:
        """All values, as Prometheus fetches them."""
        return generate_latest(self.registry)


class MetricsMiddleware:
    """Counts and times every request of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._instruments = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # By route, never by path: strangers would make a new time series with every path that they try.
            route = getattr(scope.get("route"), "path", "other")
            self._instruments.requests.labels(route, str(status or "none")).inc()
            self._instruments.seconds.labels(route).observe(time.perf_counter() - begun)
