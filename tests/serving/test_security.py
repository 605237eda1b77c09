"""Who may ask, what browsers are told, and what is kept of corrections."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from reading_server import ReadingServer, data_url, word

from gluon_htr.datasets.spec import open_spec, parse_spec

KEY = "correct horse battery"


def test_nobody_reads_without_the_key() -> None:
    """A server that others can reach would read for everybody."""
    with ReadingServer(GLUON_HTR_API_KEY=KEY) as server:
        for headers in ({}, {"X-API-Key": KEY[:-1]}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {KEY}"}):
            answer = server.client.post("/v1/predict", content=word("abc"), headers=headers)
            assert answer.status_code == 401, headers
            assert KEY not in answer.text
        for headers in ({"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}):
            answer = server.client.post("/v1/predict", content=word("abc"), headers=headers)
            assert answer.json()["text"] == "abc"
        closed = ["/v1/models", "/metrics", "/v1/predict?image_url=http://example.com/"]
        assert [server.client.get(path).status_code for path in closed] == [401, 401, 401]
        assert [server.client.get(path).status_code for path in ("/healthz", "/readyz", "/")] == [200, 200, 200]


def test_every_answer_has_the_headers_that_browsers_heed() -> None:
    """A script of somebody else's, or another page around ours, could act as the user."""
    with ReadingServer() as server:
        for path in ("/", "/docs", "/static/index.html", "/v1/models", "/nowhere"):
            headers = server.client.get(path).headers
            assert "script-src 'self'" in headers["content-security-policy"], path
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        assert server.client.get("/v1/models").headers["cache-control"] == "no-store"


def test_pages_are_fetched_anew_only_when_they_have_changed() -> None:
    """A page would be old after an update, or be loaded again every time."""
    with ReadingServer() as server:
        first = server.client.get("/")
        again = server.client.get("/", headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.parametrize(
    "path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static//etc/passwd", "/static/", "/static/%00"]
)
def test_no_address_leads_to_another_file(path: str) -> None:
    """The server's files could be read by everybody."""
    with ReadingServer() as server, server.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")


def test_corrections_become_data_to_train_on(tmp_path: Path) -> None:
    """What people correct would be lost, or be of no use to `train`."""
    with ReadingServer("--corrections", tmp_path / "kept") as server:
        assert server.client.get("/v1/models").json()["corrections"] is True
        for text, image in (("abd", "abc"), ("cab\t\n c", "cab"), ("abc", "abc")):
            body = {"image": data_url(word(image)), "text": text}
            assert server.client.post("/v1/corrections", json=body).status_code == 201
        samples = list(open_spec(parse_spec(f"listing:{tmp_path / 'kept' / 'labels.tsv'}")))
        assert [sample.text for sample in samples] == ["abc", "cab c"]  # the same image, corrected again, has one row
        assert [sample.image().shape for sample in samples] == [(16, 64), (16, 64)]
    with ReadingServer("--corrections", tmp_path / "kept") as server:  # and goes on where it stopped
        body = {"image": data_url(word("dad")), "text": "dad"}
        assert server.client.post("/v1/corrections", json=body).json() == {"corrections": 3}


@pytest.mark.parametrize("text", ["", " ", "a\0b", "x" * 501])
def test_corrections_that_no_training_could_use_are_rejected(tmp_path: Path, text: str) -> None:
    """One bad row would stop a training of hours."""
    with ReadingServer("--corrections", tmp_path) as server:
        body = {"image": data_url(word("abc")), "text": text}
        assert server.client.post("/v1/corrections", json=body).status_code == 400
        assert server.client.post("/v1/corrections", json={**body, "image": data_url(b"no")}).status_code in (400, 422)
        assert server.client.post("/v1/corrections", json={"image": body["image"]}).status_code == 400
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    """Strangers could write to the disk of everybody who starts a server."""
    with ReadingServer() as server:
        body = {"image": data_url(word("abc")), "text": "abc"}
        assert server.client.post("/v1/corrections", json=body).status_code == 403
        assert server.client.get("/v1/models").json()["corrections"] is False
