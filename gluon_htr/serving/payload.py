"""The body of a request: received within limits of size, time and memory, then taken apart into images.

What a body is, is seen from its content: a JSON object, or a file. Only a multipart body (RFC 7578) has to be
announced, since its header names the boundary.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated

import anyio
import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .budget import Lease
from .request_errors import RequestRejected
from .server_settings import ServerSettings

OBJECT = b"{"


@dataclass(frozen=True)
class Payload:
    """What a request brings. several: whether it gets a list for an answer. model: the name of the one that reads."""

    images: list[bytes]
    several: bool
    model: str | None = None
    text: str | None = None


class _Document(msgspec.Struct):
    """The JSON body. Unknown keys are left alone: older clients send some."""

    image: str | None = None
    images: list[str] | None = None
    model: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


async def receive(request: Request, settings: ServerSettings, lease: Lease) -> bytes:
    """The whole body. Raises `RequestRejected` where it is too large or too slow, or `ClientDisconnect`."""
    too_large = RequestRejected(
        413, f"the request has more than {settings.max_body_bytes:,} bytes: scale the image down"
    )
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RequestRejected(415, "a compressed body is not accepted: send it as it is")
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
                lease.take(2 * len(chunk))  # as it came, and what is decoded from it
                chunks.append(chunk)
    except TimeoutError:
        raise RequestRejected(
            408, f"the body took longer than {settings.body_timeout:g} s", {"Connection": "close"}
        ) from None
    return b"".join(chunks)


async def parse(request: Request, body: bytes, settings: ServerSettings) -> Payload:
    """The images of a body. Raises `RequestRejected` where there is none, or too many."""
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        given = await _multipart(request, body, settings)
    elif body.lstrip()[:1] == OBJECT:
        given = _document(body)
    else:
        given = Payload([body] if body else [], several=False)
    if not given.images:
        raise RequestRejected(
            400, 'the request has no image: send {"image": "data:image/png;base64,…"}, a form or a file'
        )
    if len(given.images) > settings.max_images:
        raise RequestRejected(
            413, f"the request has {len(given.images)} images; at most {settings.max_images} are accepted"
        )
    return given


def _document(body: bytes) -> Payload:
    try:
        document = msgspec.json.decode(body, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRejected(400, f"the request is no valid JSON: {error}") from None
    several = document.images is not None
    images = [*([document.image] if document.image is not None else []), *(document.images or [])]
    return Payload([_decoded(image) for image in images], several, document.model, document.text)


def _decoded(image: str) -> bytes:
    """A data URL (RFC 2397) or bare base64. The type that it announces is not looked at."""
    head, comma, content = image.partition(",")
    if image[:5].lower() == "data:":
        if not comma or not head.lower().endswith(";base64"):
            raise RequestRejected(400, "the data URL has no base64: send data:image/png;base64,…")
        image = content
    try:
        return base64.b64decode("".join(image.split()), validate=True)
    except (binascii.Error, ValueError):
        raise RequestRejected(400, "the image is not valid base64") from None


class _InMemory(MultiPartParser):
    """Starlette's parser without temporary files: the body is bounded already."""

    spool_max_size = 1 << 40


async def _multipart(request: Request, body: bytes, settings: ServerSettings) -> Payload:
    """Every file of the form is an image; `model` and `text` are fields."""

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    limits = {"max_files": settings.max_images, "max_fields": 8, "max_part_size": settings.max_body_bytes}
    try:
        form = await _InMemory(request.headers, once(), **limits).parse()
    except (MultiPartException, ValueError, LookupError) as error:
        raise RequestRejected(400, f"the form is not valid: {getattr(error, 'message', 'it cannot be read')}") from None
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(form.close)
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        images = [await file.read() for file in files]
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if "image" in fields:
        images.append(_decoded(fields["image"]))
    return Payload(images, len(images) > 1, fields.get("model"), fields.get("text"))
