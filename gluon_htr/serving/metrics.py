"""Metrics for operators, in the format of Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
PAGE_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 20, 60)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("gluon_htr_requests", "Requests answered", ["route", "status"], registry=self.registry)
        self.seconds = Histogram(
            "gluon_htr_request_seconds",
            "Time from a request's head to its response",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batches = Histogram("gluon_htr_batch_images", "Images per batch", buckets=SIZES, registry=self.registry)
        self.reading = Counter("gluon_htr_reading_seconds", "Time spent reading batches", registry=self.registry)

        self.pages = Histogram(
            "gluon_htr_page_seconds", "Time to read a page", buckets=PAGE_SECONDS, registry=self.registry
        )

    def add_gauge(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Add a gauge; `value` is called whenever the metrics are read."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def observe_batch(self, images: int, seconds: float) -> None:
        """Count a batch that was read."""
        self.batches.observe(images)
        self.reading.inc(seconds)

    def render(self) -> bytes:
        """Render all values in Prometheus' text format."""
        return generate_latest(self.registry)


class MetricsMiddleware:
    """Middleware that counts and times the requests of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        start, status = time.perf_counter(), 0

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        finally:
            # The route, never the path: strangers would create a time series with each path that they try.
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(route, str(status or "none")).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - start)
