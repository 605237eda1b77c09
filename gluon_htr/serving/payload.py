"""Payload of a request: its body, received within limits of size, time and memory, and the images in it.

The content decides if a body is JSON or an image file. Only a multipart body (RFC 7578) must be announced, since its
header names the boundary.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Annotated

import anyio
import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .._json import decoder
from .budget import Lease
from .request_errors import RequestRejected
from .server_settings import ServerSettings

OBJECT = b"{"
_FROM_URL_FORM = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class Payload:
    """Images of a request, with the model's name and the text of a correction. as_list: the response is a list.

    names: of the files of a form, as the client gave them.
    """

    images: list[bytes]
    as_list: bool
    model: str | None = None
    text: str | None = None
    names: list[str | None] = field(default_factory=list)


class _JsonBody(msgspec.Struct):
    """JSON body. Unknown keys are ignored: older clients send some."""

    image: str | None = None
    images: list[str] | None = None
    model: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


async def receive_payload(request: Request, settings: ServerSettings, lease: Lease) -> Payload:
    """Receive and parse a request. Raise `RequestRejected` if a limit is exceeded or there is no image."""
    return await _parse(request, await receive_body(request, settings, lease), settings)


async def receive_body(request: Request, settings: ServerSettings, lease: Lease) -> bytes:
    """Receive the whole body of a request. Raise `RequestRejected`, or `ClientDisconnect` if the client goes away."""
    too_large = RequestRejected(
        413, f"the request has more than {settings.max_body_bytes:,} bytes: scale the image down"
    )
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RequestRejected(415, "compressed request bodies are not supported: send the body uncompressed")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > settings.max_body_bytes:
        raise too_large
    chunks, size = [], 0
    try:
        with anyio.fail_after(settings.body_timeout):
            async for chunk in request.stream():
                size += len(chunk)
                if size > settings.max_body_bytes:
                    raise too_large
                lease.take(2 * len(chunk))  # once as received, and once decoded
                chunks.append(chunk)
    except TimeoutError:
        message = f"the request body took longer than {settings.body_timeout:g} s to arrive: send it again"
        raise RequestRejected(408, message, {"Connection": "close"}) from None
    return b"".join(chunks)


async def _parse(request: Request, body: bytes, settings: ServerSettings) -> Payload:
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        payload = await _parse_form(request, body, settings)
    elif body.lstrip()[:1] == OBJECT:
        payload = _parse_json(body)
    else:
        payload = Payload([body] if body else [], as_list=False)
    if not payload.images:
        message = 'the request has no image: send {"image": "data:image/png;base64,…"}, a form, or an image file'
        raise RequestRejected(400, message)
    if (count := len(payload.images)) > settings.max_images:
        raise RequestRejected(413, f"the request has {count} images; the limit is {settings.max_images}: send fewer")
    return payload


def _parse_json(body: bytes) -> Payload:
    try:
        fields = decoder(_JsonBody).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRejected(400, f"the request is not valid JSON of the expected form: {error}") from None
    images = [*([fields.image] if fields.image is not None else []), *(fields.images or [])]
    return Payload([decode_image(image) for image in images], fields.images is not None, fields.model, fields.text)


def decode_image(image: str) -> bytes:
    """Decode a data URL (RFC 2397) or bare base64 (RFC 4648), also in its form for URLs and without padding. Raise
    `RequestRejected`. The media type of a data URL is ignored.
    """
    head, comma, content = image.partition(",")
    if image[:5].lower() == "data:":
        if not comma or not head.lower().endswith(";base64"):
            raise RequestRejected(400, "the data URL is not base64: send data:image/png;base64,…")
        image = content
    try:
        digits = "".join(image.split()).rstrip("=").translate(_FROM_URL_FORM)
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise RequestRejected(400, "the image is not valid base64") from None


class _InMemoryParser(MultiPartParser):
    """Starlette's parser of forms without temporary files: the size of the body is limited already."""

    spool_max_size = 1 << 40


async def _parse_form(request: Request, body: bytes, settings: ServerSettings) -> Payload:
    """Parse a form. Every file is an image; `model` and `text` are fields, and `image` may be one."""

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    limits = {"max_files": settings.max_images, "max_fields": 8, "max_part_size": settings.max_body_bytes}
    try:
        form = await _InMemoryParser(request.headers, stream(), **limits).parse()
    except (MultiPartException, ValueError, LookupError) as error:
        reason = getattr(error, "message", "it cannot be parsed")
        raise RequestRejected(400, f"the form is not valid: {reason}") from None
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(form.close)
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        images, names = [await file.read() for file in files], [file.filename for file in files]
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if "image" in fields:
        images.append(decode_image(fields["image"]))
    return Payload(images, len(images) > 1, fields.get("model"), fields.get("text"), names)
