"""AWS Lambda function behind an API Gateway (payload format 1.0 or 2.0) or a function URL."""

from __future__ import annotations

import os

from mangum import Mangum

from ..errors import UsageError
from .application import build_app
from .served_models import open_detector, open_models
from .server_settings import ServerSettings
from .service import Service

MAX_BODY_BYTES = 6 << 20  # of a request to Lambda, base64 included


def make_handler() -> Mangum:
    """Make the handler that Lambda calls, with the model in memory.

    GLUON_HTR_API_KEY is the key that clients must send. GLUON_HTR_MODEL names the model, and GLUON_HTR_LAYOUT the one
    that finds the lines of pages; without them, the built-in ones are used. Lambda sends a function one request at a
    time, so that no batch waits for more images.

    Raise `ModelError` if a model is not usable, `UsageError` without a key: the address of a function is open to
    everybody, who would read at its owner's cost.
    """
    key = os.environ.get("GLUON_HTR_API_KEY")
    if not key:
        raise UsageError("GLUON_HTR_API_KEY is not set: a function that anybody can call must have a key")
    model = os.environ.get("GLUON_HTR_MODEL")
    settings = ServerSettings(
        workers=1,
        max_delay=0.0,
        max_body_bytes=MAX_BODY_BYTES,
        api_key=key,
    )
    layout = os.environ.get("GLUON_HTR_LAYOUT") or None
    service = Service(open_models([model] if model else []), settings, detector=open_detector(layout))
    return Mangum(build_app(service), lifespan="off")  # the model stays in memory until Lambda ends the process
