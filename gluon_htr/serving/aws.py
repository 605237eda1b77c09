"""The application as a function of AWS Lambda, behind an API Gateway (payload format 1.0 or 2.0) or a function URL."""

from __future__ import annotations

import os

from mangum import Mangum

from .application import build_app
from .served_models import open_models
from .server_settings import ServerSettings
from .service import Service

MAX_BODY_BYTES = 6 << 20  # of a request to Lambda, base64 included


def make_handler() -> Mangum:
    """What Lambda calls, with the model that `GLUON_HTR_MODEL` names, or the one that ships, in memory.

    GLUON_HTR_API_KEY: what every client has to send. Lambda gives a function one request at a time, so nothing gathers.
    Raises `ModelError` where the model cannot be used.
    """
    model = os.environ.get("GLUON_HTR_MODEL")
    settings = ServerSettings(
        workers=1,
        max_delay=0.0,
        max_body_bytes=MAX_BODY_BYTES,
        api_key=os.environ.get("GLUON_HTR_API_KEY") or None,
    )
    service = Service(open_models([model] if model else []), settings)
    return Mangum(build_app(service), lifespan="off")  # the model stays until Lambda ends the process
