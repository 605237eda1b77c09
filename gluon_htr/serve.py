"""HTTP server that reads handwriting: an interface for programs, and a web page for people."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _command, _options
from .decoding.decoder import Decoder
from .decoding.greedy import GREEDY
from .errors import MissingToolError

if TYPE_CHECKING:
    from .serving.server_settings import ServerSettings

REQUIRED = ("fastapi", "httpcore", "httptools", "prometheus_client", "python_multipart", "uvicorn")


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr serve",
        description=__doc__,
        epilog="environment: GLUON_HTR_API_KEY is a key that every client must send.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        help="name, bundle or run; repeat for more (default: the built-in one)",
    )
    parser.add_argument("--layout", metavar="MODEL", help="model that finds lines on pages (default: the built-in one)")
    _options.add_decoder(parser)
    _options.add_n_best(parser, "give N readings to requests that do not say how many they want with n_best")
    parser.add_argument("--image-url", action="store_true", help="fetch images from public URLs that requests name")
    parser.add_argument("--corrections", type=Path, metavar="FOLDER", help="store users' corrections as a training set")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name under which the server is asked, such as read.example.org or *.example.org; repeat for more",
    )
    parser.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of another site use the server, such as https://app.example.org; repeat for more",
    )
    parser.add_argument("--root-path", default="", metavar="PATH", help="path below which a proxy offers the server")
    parser.add_argument("--workers", type=int, help="batches read at the same time (default: one per core)")
    parser.add_argument("--waiting", type=int, default=256, help="images that may wait (default: %(default)s)")
    parser.add_argument("--max-pages", type=int, default=20, help="pages in one request (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for a response (default: %(default)s)")
    parser.add_argument("--page-timeout", type=float, default=60, help="the same for pages (default: %(default)s)")
    return parser


def run(
    host: str,
    port: int,
    models: Sequence[str],
    settings: ServerSettings,
    layout: str | None = None,
    decoder: Decoder = GREEDY,
) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status, 130 after Ctrl-C.

    models: names, bundles or runs; the first is the default. None of them means the built-in model. layout: the model
    that finds lines; None for the built-in one. Without any, the server reads single lines and words only. decoder:
    of all models.
    """
    from .serving.listener import bind, is_loopback
    from .serving.served_models import open_detector, open_models
    from .serving.server import serve
    from .serving.service import Service

    settings.check()
    listener = bind(host, port)
    service = Service(open_models(models, decoder), settings, detector=open_detector(layout))
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    message = f"serving {', '.join(service.models)} at {url} (Ctrl-C stops the server)"
    if settings.api_key is None and not is_loopback(host):
        _command.say("warning: everybody who can reach this address can use the server: set GLUON_HTR_API_KEY")
    return _status(serve(service, listener, lambda: _command.say(message), end_at_once))


def _status(ended_by: int) -> int:
    return _command.INTERRUPTED if ended_by == signal.SIGINT else 0


def end_at_once(ended_by: int) -> None:
    """End the process although a thread is still reading an image: it cannot be stopped otherwise."""
    _command.say("ended while an image was still being read")
    os._exit(_status(ended_by))


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve."""
    options = parser().parse_args(arguments)
    try:
        for name in REQUIRED:
            importlib.import_module(name)
    except ImportError:
        raise MissingToolError(f"serve needs {name}, which is not installed: pip install 'gluon-htr[serve]'") from None
    from .serving.listener import is_loopback
    from .serving.middleware.origins import check_origin
    from .serving.middleware.root_path import check_root_path
    from .serving.server_settings import ServerSettings

    key = os.environ.get("GLUON_HTR_API_KEY") or None
    # A page whose name leads here needs the key as everybody does; who opens the server to others names its hosts.
    only_known = bool(options.allowed_host) or (key is None and is_loopback(options.host))
    settings = ServerSettings(
        workers=options.workers,
        max_waiting=options.waiting,
        max_images=min(ServerSettings.max_images, options.waiting),
        response_timeout=options.timeout,
        max_pages=options.max_pages,
        page_timeout=options.page_timeout,
        image_url=options.image_url,
        api_key=key,
        allowed_hosts=tuple(name.lower() for name in options.allowed_host) if only_known else None,
        cors_origins=tuple(map(check_origin, options.cors_origin)),
        root_path=check_root_path(options.root_path),
        corrections=options.corrections,
    )
    return run(options.host, options.port, options.model, settings, options.layout, _options.decoder(options))


if __name__ == "__main__":
    sys.exit(_command.main(main))
