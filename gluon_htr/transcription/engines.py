"""The engines that read pages, by name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .batch import Engine
from .local import LocalEngine
from .tasks import ReaderSettings

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class EngineRequest:
    """Which engine, with how many workers. address: of a Ray cluster, `auto` for the one of this machine."""

    name: str
    workers: int
    address: str | None = None


class StartingEngine:
    """An engine that starts in the background: the sources can be listed meanwhile. A context manager."""

    def __init__(self, settings: ReaderSettings, request: EngineRequest) -> None:
        self._threads = ThreadPoolExecutor(1)
        self._engine = self._threads.submit(_start, settings, request)

    def ready(self) -> Engine:
        """Wait for the engine. Raises what loading the models raises, `MissingToolError` if Ray is not installed."""
        return self._engine.result()

    def __enter__(self) -> StartingEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        self._threads.shutdown()
        if self._engine.exception() is None:
            self._engine.result().close()


def _start(settings: ReaderSettings, request: EngineRequest) -> Engine:
    if request.name == "ray":
        from .ray_engine import RayEngine

        return RayEngine(settings, request.workers, request.address)
    return LocalEngine(settings, request.workers)
