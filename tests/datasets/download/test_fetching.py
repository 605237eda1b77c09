"""Fetching from servers that are slow, busy, or wrong, on loopback."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest
from loopback import send, serving

import gluon_htr.datasets.download.fetching as fetching
from gluon_htr.datasets.download.fetching import Fetcher, SourceError

CONTENT = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.01)


def test_a_busy_server_is_asked_later() -> None:
    """An archive's server would be flooded, and the pages that it was too busy for would be lost."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(request, 429, Retry_After="0.1")
        elif number == 2:
            send(request, 500)
        else:
            send(request, 200, CONTENT)

    with serving(answer) as (address, requests):
        assert Fetcher(allow_private=True).fetch(address) == CONTENT
        assert len(requests) == 3


def test_a_transfer_goes_on_where_it_was_cut_off() -> None:
    """Half an image would be read, or a large one would never arrive."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(request, 200, CONTENT[:5000], Content_Length=len(CONTENT), ETag='"v1"')
        else:
            ranged = f"bytes 5000-{len(CONTENT) - 1}/{len(CONTENT)}"
            send(request, 206, CONTENT[5000:], Content_Range=ranged, ETag='"v1"')

    with serving(answer) as (address, requests):
        assert Fetcher(allow_private=True).fetch(address) == CONTENT
        assert requests[1]["Range"] == "bytes=5000-"
        assert requests[1]["If-Range"] == '"v1"'


def test_a_changed_file_is_fetched_anew() -> None:
    """The halves of two versions would be put together."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            send(request, 200, CONTENT[:5000], Content_Length=len(CONTENT), ETag='"v1"')
        else:
            send(request, 200, CONTENT[::-1], ETag='"v2"')

    with serving(answer) as (address, _):
        assert Fetcher(allow_private=True).fetch(address) == CONTENT[::-1]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "message"),
    [
        (404, {}, "missing", "does not exist"),
        (403, {}, "not fetched", "answers 403"),
        (503, {}, "not fetched", "in 5 attempts: its server answers 503"),
        (200, {"Content_Length": 10**6}, "not fetched", "the connection was cut off"),
        (302, {"Location": "file:///etc/passwd"}, "not fetched", "is not a web address"),
        (302, {"Location": "/page.jpg"}, "not fetched", "redirects more than"),
    ],
)
def test_failures_say_what_happened(status: int, headers: dict[str, object], kind: str, message: str) -> None:
    """Who starts a batch of a million pages could not tell what to repair."""
    with (
        serving(lambda request, number: send(request, status, b"", **headers)) as (address, _),
        pytest.raises(SourceError, match=message) as failure,
    ):
        Fetcher(allow_private=True).fetch(address)
    assert failure.value.kind == kind


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "169.254.169.254", "10.0.0.1"])
def test_private_addresses_are_refused(host: str) -> None:
    """A manifest could make us fetch what only this machine may see."""
    with pytest.raises(SourceError, match=r"--allow-private permits that|its host is not known"):
        Fetcher(allow_private=False).fetch(f"http://{host}:9/page.jpg")


def test_a_redirect_to_a_private_address_is_refused() -> None:
    """The same by a detour."""
    with serving(lambda request, number: send(request, 200, CONTENT)) as (address, requests):
        with pytest.raises(SourceError, match="is on a private network"):
            Fetcher().fetch(address)
        assert not requests


def test_a_file_that_never_ends_is_given_up() -> None:
    """Memory would run out."""
    with (
        serving(lambda request, number: send(request, 200, CONTENT)) as (address, _),
        pytest.raises(SourceError, match="more than 1,000 bytes"),
    ):
        Fetcher(allow_private=True, max_bytes=1000).fetch(address)


def test_stores_of_fsspec() -> None:
    """`s3://` and its kin would not be found."""
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install gluon-htr[scale]")
    with fsspec.open("memory://box/a.png", "wb") as file:
        file.write(CONTENT)
    assert Fetcher().fetch("memory://box/a.png") == CONTENT
    assert fetching.below("memory://box") == ["memory:///box/a.png"]
    with pytest.raises(SourceError, match="does not exist"):
        Fetcher().fetch("memory://box/b.png")
    with pytest.raises(SourceError, match="nothing-known"):
        Fetcher().fetch("nothing-known://box/b.png")
