"""The engines that read pages, by name."""

from __future__ import annotations

from contextlib import AbstractContextManager
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


def open_engine(settings: ReaderSettings, request: EngineRequest) -> AbstractContextManager[Engine]:
    """Start an engine. Raises what loading the models raises, `MissingToolError` if Ray is not installed."""
    if request.name == "ray":
        from .ray_engine import RayEngine

        return RayEngine(settings, request.workers, request.address)
    return LocalEngine(settings, request.workers)
