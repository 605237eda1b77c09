"""image_url: what a server must not be talked into. Real servers on loopback; no packet leaves this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import anyio
import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from letters import LETTERS
from reading_server import ReadingServer, word

from gluon_htr._networks import Address, is_public
from gluon_htr.serving.budget import Budget, Lease
from gluon_htr.serving.image_url import MAX_REDIRECTS, CheckedNetwork, fetch
from gluon_htr.serving.request_errors import RequestRejected
from gluon_htr.serving.served_models import open_models
from gluon_htr.serving.server_settings import ServerSettings
from gluon_htr.serving.service import Service

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def site(answer: Answer) -> Iterator[str]:
    """A web server that answers every GET by `answer`; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Silence."""

        def do_GET(self) -> None:
            answer(self)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    """Answers with this."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def loopback_too(address: Address) -> bool:
    """What tests permit: these servers are on loopback."""
    return address == ip_address("127.0.0.1") or is_public(address)


def resolves_to(*answers: str) -> Callable[[str, int], Awaitable[list[Address]]]:
    """A resolver that gives all these addresses as its answer."""

    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address(address) for address in answers]

    return resolve


def get(url: str, network: CheckedNetwork | None = None, **limits: float) -> bytes:
    """What a server would fetch."""

    async def run() -> bytes:
        settings = ServerSettings(image_url=True, **limits)  # type: ignore[arg-type]
        with Lease(Budget(1 << 30)) as lease:
            return await fetch(url, settings, lease, network or CheckedNetwork(loopback_too))

    return anyio.run(run)


def rejection(url: str, network: CheckedNetwork | None = None, **limits: float) -> tuple[int, str]:
    """Status and message with which a server does not fetch it."""
    with pytest.raises(RequestRejected) as caught:
        get(url, network, **limits)
    return caught.value.http_status, str(caught.value)


def test_an_image_is_fetched_also_after_redirects() -> None:
    """The `image_url` of older clients would not work where it is wanted."""
    with site(sends(word("abc"))) as images, site(sends(b"", 302, Location=f"{images}/a%20b.png?size=1")) as first:
        assert get(first) == word("abc")


def test_the_image_of_a_url_is_read() -> None:
    """What was fetched would not be read, or its part of the budget not be given back."""
    settings = ServerSettings(image_url=True, max_fetches=1)
    service = Service(open_models([str(LETTERS)]), settings, partial(fetch, network=CheckedNetwork(loopback_too)))
    with site(sends(word("decade"))) as images:
        for _ in range(2):
            assert anyio.run(service.predict_url, f"{images}/word.png", None).text == "decade"  # type: ignore[union-attr]
    assert (service.fetches.used, service.memory.used) == (0, 0)
    service.close()


@pytest.fixture(scope="module")
def server() -> Iterator[ReadingServer]:
    """A server that fetches."""
    with ReadingServer("--image-url") as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "192.88.99.1",
        "[3fff::1]",
    ],
)
def test_addresses_inside_are_rejected_however_they_are_written(server: ReadingServer, host: str) -> None:
    """A stranger could reach what only this machine and its network may: databases, routers, a cloud's keys."""
    asked = f"http://{host}:{server.port}/healthz"
    answer = server.client.get("/v1/predict", params={"image_url": asked})
    assert answer.status_code == 403, answer.text
    assert "image_url" in answer.json()["error"]
    counts = server.client.get("/metrics").text
    assert 'route="/healthz"' not in counts  # nothing was connected to


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://example.com/x.png",
        "//127.0.0.1/",
        "http://",
        "http://user:secret@example.com/x.png",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "http://ex\r\nample.com/",
        "http://[::1/",
        "http://127.0.0.1\\@example.com/",
        "x" * 1999,
    ],
)
def test_what_is_no_plain_address_is_rejected(server: ReadingServer, url: str) -> None:
    """Files of the server, or other protocols, could be asked for."""
    assert server.client.get("/v1/predict", params={"image_url": url}).status_code in (400, 403, 422)


def test_it_is_disabled_by_default() -> None:
    """Everybody who starts a server would open their network."""
    with ReadingServer() as closed:
        answer = closed.client.get("/v1/predict", params={"image_url": "http://example.com/x.png"})
        assert answer.status_code == 403
        assert "image_url" in answer.json()["error"]
        assert closed.client.get("/v1/predict").status_code == 422


@pytest.mark.parametrize("inside", ["http://169.254.169.254/latest/meta-data/", "http://[::1]/", "file:///etc/passwd"])
def test_a_redirect_inside_is_rejected(inside: str) -> None:
    """A public server could lead ours into its own network."""
    with site(sends(b"", 302, Location=inside)) as outside:
        status, message = rejection(outside)
        assert status == (400 if inside.startswith("file:") else 403)
        assert "image_url" in message


def test_redirects_without_end_are_not_followed() -> None:
    """Two servers could keep ours busy."""
    with site(sends(b"", 302, Location="/again")) as here:
        status, message = rejection(here)
        assert (status, str(MAX_REDIRECTS) in message) == (422, True)


def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """DNS rebinding: public when it is checked, loopback when it is connected to."""
    answers = iter(["127.0.0.2", "127.0.0.1", "127.0.0.1"])  # the first stands for a public address
    asked, reached = [], []

    async def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ip_address(next(answers))]

    with site(lambda handler: reached.append(handler.path)) as here:
        url = f"http://rebinding.example:{here.rsplit(':', 1)[1]}/"
        rebinding = CheckedNetwork(lambda address: address == ip_address("127.0.0.2"), resolve)
        assert rejection(url, rebinding)[0] == 422  # nobody listens there
        assert asked == ["rebinding.example"]
        assert rejection(url, CheckedNetwork(is_public, resolve))[0] == 403
    assert reached == []


def test_one_private_address_among_public_ones_is_enough() -> None:
    """A name with two addresses could bring ours to try the second."""
    network = CheckedNetwork(is_public, resolves_to("93.184.216.34", "10.0.0.1"))
    assert rejection("http://both.example/", network)[0] == 403


def test_a_name_without_an_address_is_rejected() -> None:
    """The server would connect to nothing, and answer with an error of its own."""
    assert rejection("http://nothing.example/", CheckedNetwork(is_public, resolves_to()))[0] == 403


def test_names_that_are_not_known_and_those_inside_get_one_answer(server: ReadingServer) -> None:
    """A stranger could list the names of our network."""
    urls = ("http://localhost/", "http://no.invalid/")
    answers = [server.client.get("/v1/predict", params={"image_url": url}) for url in urls]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_content_without_end_is_cut_off() -> None:
    """A server that never stops sending would fill the memory."""

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(65536))
        except OSError:
            pass

    with site(endless) as here:
        assert rejection(here, max_body_bytes=1 << 20)[0] == 413


def test_content_that_drips_is_not_waited_for() -> None:
    """A server that sends a byte a second would hold a request for hours."""

    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            pass

    begun = time.monotonic()
    with site(dripping) as here:
        status, message = rejection(here, fetch_timeout=0.5)
        assert (status, "0.5 s" in message) == (422, True)
        assert time.monotonic() - begun < 3


def test_a_server_that_does_not_answer_well_is_told_of_in_one_line() -> None:
    """A client would learn nothing, or too much of the network."""
    with site(sends(b"no", 404)) as here:
        status, message = rejection(here)
        assert (status, "404" in message) == (422, True)
    with site(lambda handler: handler.wfile.write(b"no HTTP at all\r\n\r\n")) as odd:
        for url in (here, odd):  # nobody listens at the first anymore
            status, message = rejection(url)
            assert (status, "\n" in message, "127.0.0.1" in message) == (422, False, False)
