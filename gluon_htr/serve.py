"""Reads over HTTP: an interface for programs, and a page for people."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _door
from .errors import MissingToolError

if TYPE_CHECKING:
    from .serving.server_settings import ServerSettings

NEEDED = ("fastapi", "httpcore", "httptools", "prometheus_client", "python_multipart", "uvicorn")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="gluon_htr.serve", description=__doc__, epilog="GLUON_HTR_API_KEY: a key that every client has to send."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes one that is free (default: %(default)s)")
    parser.add_argument(
        "--model", action="append", default=[], help="name, bundle or run; repeated for more (default: what ships)"
    )
    parser.add_argument("--image-url", action="store_true", help="fetch images that requests name, from public servers")
    parser.add_argument("--corrections", type=Path, metavar="FOLDER", help="keep what people correct, to train on")
    parser.add_argument("--workers", type=int, help="batches read at the same time (default: one a core)")
    parser.add_argument("--waiting", type=int, default=256, help="images that may wait (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for an answer (default: %(default)s)")
    return parser


def settings(given: argparse.Namespace) -> ServerSettings:
    """What the command line and the environment ask for."""
    from .serving.server_settings import ServerSettings

    return ServerSettings(
        workers=given.workers,
        max_waiting=given.waiting,
        max_images=min(ServerSettings.max_images, given.waiting),
        response_timeout=given.timeout,
        image_url=given.image_url,
        api_key=os.environ.get("GLUON_HTR_API_KEY") or None,
        corrections=given.corrections,
    )


def run(given: argparse.Namespace) -> int:
    """Serves until it is told to end; 130 where Ctrl-C did."""
    from .serving.application import build_app
    from .serving.listener import bind
    from .serving.served_models import open_models
    from .serving.server import serve
    from .serving.service import Service

    wanted = settings(given)
    wanted.check()
    bound = bind(given.host, given.port)
    models = open_models(given.model)
    service = Service(models, wanted)
    host, port = bound.getsockname()[:2]
    where = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    ended_by = serve(
        build_app(service), service, bound, lambda: _door.say(f"{', '.join(models)} at {where} (Ctrl-C ends)")
    )
    return _door.INTERRUPTED if ended_by == signal.SIGINT else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and runs."""
    given = parser().parse_args(arguments)
    try:
        for name in NEEDED:
            importlib.import_module(name)
    except ImportError:
        raise MissingToolError(f"serving needs {name}, not installed here: pip install 'gluon-htr[serve]'") from None
    return run(given)


if __name__ == "__main__":
    sys.exit(_door.main(main))
