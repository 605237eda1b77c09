"""Requests from pages of other sites, under other names, below other paths; without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

import anyio
import httpx
from letters import LETTERS
from reading_server import ReadingServer, data_url, word

from gluon_htr.errors import UsageError
from gluon_htr.serving.application import build_app
from gluon_htr.serving.middleware.origins import check_origin, is_known_host
from gluon_htr.serving.middleware.root_path import check_root_path
from gluon_htr.serving.served_models import open_models
from gluon_htr.serving.server_settings import ServerSettings
from gluon_htr.serving.service import Service

SITE = "https://app.example.org"
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def asking() -> Any:
    """Ask a server with these settings; all of them share one model."""
    models = open_models([str(LETTERS)])
    services = []

    def asked(method: str, path: str, headers: dict[str, str] | None = None, json: Any = None, **settings: Any) -> Any:
        service = Service(models, ServerSettings(workers=1, **settings))
        services.append(service)
        host = (headers or {}).pop("host", "127.0.0.1:8000")

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(build_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
                return await client.request(method, path, headers={"host": host, **(headers or {})}, json=json)

        return anyio.run(send)

    yield asked
    for service in services:
        service.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),  # programs
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, 201),
        ({"origin": "http://127.0.0.1:8000"}, 201),  # a browser on an address without TLS
        ({"origin": "https://read.example.org", "x-forwarded-host": "read.example.org"}, 201),
        ({"origin": "https://read.example.org", "sec-fetch-site": "same-origin"}, 201),  # a proxy names another host
        ({"origin": "http://evil.example", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://127.0.0.1:8000.evil.example"}, 403),
    ],
)
def test_pages_of_other_sites_cannot_write(headers: dict[str, str], status: int, asking: Ask, tmp_path: Path) -> None:
    """Any page that a user opens could poison the training set on the user's machine."""
    body = {"image": data_url(word("abc")), "text": "abc"}
    answer = asking("POST", "/v1/corrections", dict(headers), json=body, corrections=tmp_path / "kept")
    assert answer.status_code == status, answer.text
    assert ("error" in answer.json()) == (status == 403)
    assert (tmp_path / "kept" / "labels.tsv").exists() == (status == 201)


def test_allowed_origins_read_and_others_do_not(asking: Ask) -> None:
    """A web application on another host could not use the server, or every other could as well."""
    for origin, allowed in ((SITE, True), ("https://APP.example.org", True), ("https://other.example", False)):
        headers = {"origin": origin, "sec-fetch-site": "cross-site"}
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}
        preflight = asking("OPTIONS", "/v1/predict", {**headers, **asked}, cors_origins=(SITE,))
        answer = asking(
            "POST", "/v1/predict", dict(headers), json={"image": data_url(word("abc"))}, cors_origins=(SITE,)
        )
        if allowed:
            assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, origin)
            assert "X-API-Key" in preflight.headers["access-control-allow-headers"]
            assert answer.json()["text"] == "abc"
            assert answer.headers["access-control-allow-origin"] == origin
            assert "X-Failed-Pages" in answer.headers["access-control-expose-headers"]
            assert answer.headers["vary"] == "Origin"
        else:
            assert all("access-control-allow-origin" not in each.headers for each in (preflight, answer))
            assert (preflight.status_code, answer.status_code) == (405, 403)
            assert preflight.json().keys() == answer.json().keys() == {"error"}


def test_errors_reach_pages_of_allowed_origins(asking: Ask) -> None:
    """Such a page could not say what is wrong."""
    answer = asking("POST", "/v1/predict", {"origin": SITE}, json={}, cors_origins=("*",))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (400, "*")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_leads_here_is_not_answered(method: str, asking: Ask) -> None:
    """DNS rebinding: a page of evil.example would read everything on this server."""
    for host, status in (("evil.example", 421), ("evil.example:8000", 421), ("read.example.org", 200), ("[::1]", 200)):
        path = "/v1/models" if method == "GET" else "/v1/predict"
        body = None if method == "GET" else {"image": data_url(word("abc"))}
        answer = asking(method, path, {"host": host}, json=body, allowed_hosts=("read.example.org",))
        assert answer.status_code == status, host
        assert asking("GET", "/healthz", {"host": host}, allowed_hosts=()).status_code == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("", True),
        ("localhost:8000", True),
        ("app.localhost", True),
        ("192.168.1.5:8000", True),
        ("[fe80::1%25eth0]:80", True),
        ("gluon-htr:8000", True),
        ("a.example.org", True),
        ("A.Example.org.", True),
        ("example.org", False),
        ("aexample.org", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("evil.example@127.0.0.1", False),
        ("evil.example/127.0.0.1", False),
        ("[", False),
        ("[zz]", False),
        ("[1.2.3.4]", False),
        ("127.0.0.1 evil.example", False),
    ],
)
def test_hosts(host: str, known: bool) -> None:
    """One spelling would get around the list."""
    assert is_known_host(host, ["*.example.org"]) is known


def test_options_are_checked_before_anything_starts() -> None:
    """A server would start and refuse all that it was started for."""
    assert check_origin("https://App.example.org/") == "https://app.example.org"
    assert [check_root_path(path) for path in ("", "/", "htr", "/htr/", "/a/b")] == ["", "", "/htr", "/htr", "/a/b"]
    for wrong in ("app.example.org", "https://app.example.org/page", "ftp://x"):
        with pytest.raises(UsageError, match="is not an origin"):
            check_origin(wrong)
    for wrong in ("/a/../b", "/a?b", "https://x/y", "/a b"):
        with pytest.raises(UsageError, match="--root-path"):
            check_root_path(wrong)
    for timeout in (float("nan"), float("inf"), 1e9, 0.0):
        with pytest.raises(UsageError):
            ServerSettings(response_timeout=timeout).check()


@pytest.mark.parametrize("prefix", ["", "/htr"])
def test_the_server_works_below_a_path(prefix: str, asking: Ask) -> None:
    """Behind `https://host/htr/` the page would load nothing, whether the proxy removes the path or not."""
    for path, contains in (("/", "static/page.js"), ("/docs", "static/interface.js"), ("/static/page.js", "import")):
        answer = asking("GET", prefix + path, root_path="/htr")
        assert answer.status_code == 200
        assert contains in answer.text
    body = {"image": data_url(word("abc"))}
    assert asking("POST", f"{prefix}/v1/predict", json=body, root_path="/htr").json()["text"] == "abc"
    assert asking("GET", f"{prefix}/openapi.json", root_path="/htr").json()["servers"] == [{"url": "/htr"}]
    assert asking("GET", "/htr/htr/docs", root_path="/htr").status_code == 404
    redirect = asking("GET", "/htr", root_path="/htr")
    assert (redirect.status_code, redirect.headers["location"]) == (308, "/htr/")


def test_no_answer_leads_to_the_host_that_a_request_names(asking: Ask) -> None:
    """A cache in between would send other users to evil.example."""
    answer = asking("GET", "/v1/models/", {"host": "evil.example"})
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("path", ["/", "/docs", "/static/server.js", "/static/interface.js", "/static/page.js"])
def test_no_address_in_the_page_begins_at_the_root(path: str, asking: Ask) -> None:
    """It would lead elsewhere behind a proxy with a path."""
    text = asking("GET", path).text
    for wrong in ('href="/', 'src="/', 'fetch("/', '"/v1', "`/v1", '"/static'):
        assert wrong not in text, json.dumps(wrong)


def test_the_command_checks_hosts_at_home_and_warns_abroad() -> None:
    """The defaults would leave a user's own machine open, or a server for others without a word."""
    evil = {"Host": "evil.example"}
    with ReadingServer() as server:
        assert server.client.get("/v1/models", headers=evil).status_code == 421
        assert server.client.get("/v1/models").status_code == 200
        assert "warning" not in "".join(server.said)
    with ReadingServer("--host", "0.0.0.0") as server:
        assert server.client.get("/v1/models", headers=evil).status_code == 200
        assert "set GLUON_HTR_API_KEY" in "".join(server.said)
