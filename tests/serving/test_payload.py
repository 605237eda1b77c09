"""Bodies of requests, without a server: what is parsed, and what is rejected."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from hypothesis import given
from hypothesis import strategies as st
from reading_server import data_url
from starlette.requests import Request

from gluon_htr.serving.budget import Budget, Lease
from gluon_htr.serving.payload import Payload, receive_payload
from gluon_htr.serving.request_errors import RequestRejected
from gluon_htr.serving.server_settings import ServerSettings

LIMITS = ServerSettings(max_images=4, max_body_bytes=1000, max_memory_bytes=4000)
JSON, FORM = "application/json", "multipart/form-data; boundary=b"
images = st.binary(min_size=1, max_size=40)


def receive(body: bytes, kind: str = JSON, chunk: int = 100, budget: Budget | None = None) -> Payload:
    """Parse a body that comes in chunks."""
    parts = [body[k : k + chunk] for k in range(0, len(body), chunk)] or [b""]

    async def next_part() -> dict[str, Any]:
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    receiver: Callable[[], Awaitable[dict[str, Any]]] = next_part
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    with Lease(budget or Budget(1 << 20)) as lease:
        return asyncio.run(receive_payload(Request(scope, receiver), LIMITS, lease))


def form(files: list[bytes], **fields: str) -> bytes:
    """A form with files and fields."""
    parts = [b'name="%d"; filename="x"\r\n\r\n%s' % (k, file) for k, file in enumerate(files)]
    parts += [b'name="%s"\r\n\r\n%s' % (name.encode(), value.encode()) for name, value in fields.items()]
    return b"".join(b"--b\r\nContent-Disposition: form-data; %s\r\n" % part for part in parts) + b"--b--\r\n"


def status(body: bytes, kind: str) -> int:
    """The status of the response, where all images can be read."""
    try:
        payload = receive(body, kind)
    except RequestRejected as error:
        return error.http_status
    assert 1 <= len(payload.images) <= LIMITS.max_images
    return 200


@given(st.lists(images, min_size=1, max_size=4), st.integers(1, 200))
def test_images_arrive_as_they_were_sent(sent: list[bytes], chunk: int) -> None:
    """A picture would be read that nobody has sent."""
    written = [data_url(image) if k % 2 else base64.b64encode(image).decode() for k, image in enumerate(sent)]
    assert receive(json.dumps({"images": written}).encode(), chunk=chunk) == Payload(sent, as_list=True)
    assert receive(json.dumps({"image": written[0]}).encode(), chunk=chunk) == Payload(sent[:1], as_list=False)


@given(st.lists(images.filter(lambda image: b"\r\n--b" not in image), min_size=1, max_size=4), st.integers(1, 200))
def test_files_of_a_form_arrive_as_they_were_sent(sent: list[bytes], chunk: int) -> None:
    """A file with odd bytes would be cut."""
    body = form(sent, model="words", text="right")
    assert receive(body, FORM, chunk) == Payload(sent, len(sent) > 1, "words", "right", ["x"] * len(sent))


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM, "image/png", "", "multipart/form-data"]))
def test_any_body_is_parsed_or_rejected(body: bytes, kind: str) -> None:
    """A few odd bytes would be an error of the server's own."""
    assert status(body, kind) in (200, 400, 413)


@given(
    st.sampled_from(["image", "images", "model", "text", "other"]),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), st.lists, max_leaves=5),
)
def test_any_json_is_parsed_or_rejected(key: str, value: object) -> None:
    """A client's mistake would be an error of the server's own."""
    assert status(json.dumps({"image": "AAAA", key: value}).encode(), JSON) in (200, 400, 413)


@pytest.mark.parametrize(
    ("body", "kind"), [(b"x" * 1001, "image/png"), (json.dumps({"images": ["AAAA"] * 5}).encode(), JSON)]
)
def test_limits_hold_while_a_body_arrives(body: bytes, kind: str) -> None:
    """One request could take all memory, or all of the queue."""
    with pytest.raises(RequestRejected) as caught:
        receive(body, kind)
    assert caught.value.http_status == 413


def test_memory_is_taken_while_a_body_arrives_and_given_back() -> None:
    """Many clients together could take what none may take alone, or the server would be full for ever."""
    budget = Budget(1000)
    with pytest.raises(RequestRejected) as caught:
        receive(b"x" * 600, "image/png", budget=budget)
    assert caught.value.http_status == 429
    assert budget.used == 0
    assert receive(b"x" * 400, "image/png", budget=budget).images == [b"x" * 400]
    assert budget.used == 0


@given(st.binary(min_size=1, max_size=40), st.booleans(), st.booleans())
def test_base64_is_read_as_programs_write_it(image: bytes, for_urls: bool, padded: bool) -> None:
    """Clients that encode for URLs, or leave the padding out, would be refused."""
    text = (base64.urlsafe_b64encode if for_urls else base64.b64encode)(image).decode()
    text = text if padded else text.rstrip("=")
    assert receive(json.dumps({"image": text}).encode()).images == [image]
    assert receive(json.dumps({"image": f"data:image/png;base64,{text}"}).encode()).images == [image]


@pytest.mark.parametrize("text", ["a", "abc=d", "ab*d", "abcde"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    """Other bytes than the client sent would be read."""
    assert status(json.dumps({"image": text}).encode(), JSON) == 400
