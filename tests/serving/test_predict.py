"""What a client sends and gets, from a server that runs as a user runs it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from letters import LETTERS, WORDS, draw, encoded, members
from PIL import Image
from reading_server import ReadingServer, data_url, word

import gluon_htr


@pytest.fixture(scope="module")
def server() -> Iterator[ReadingServer]:
    """One server for all tests that leave it as it was."""
    with ReadingServer() as running:
        yield running


@pytest.mark.parametrize("path", ["/v1/predict", "/predict"])
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_curl_lines_of_older_servers_work(server: ReadingServer, path: str, tmp_path: Path) -> None:
    """Scripts written for the server that this one replaces would break."""
    (tmp_path / "image.png").write_bytes(word("decade"))
    line = (
        f"curl -sS -X POST {server.url}{path} -H 'Content-Type: application/json' --data "
        """'{ "image": "data:image/png;base64,'$(base64 -w0 -i image.png)'" }'"""
    )
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["pred"] == "decade"


def test_an_answer_says_what_the_recognizer_says(server: ReadingServer) -> None:
    """Over HTTP a text, a confidence or a position would be another than in Python."""
    expected = gluon_htr.load(LETTERS).read(word("bead"))
    answer = server.read(word("bead")).json()
    assert answer["text"] == answer["pred"] == expected.text == "bead"
    assert answer["confidence"] == pytest.approx(expected.confidence, abs=1e-5)
    for got, character in zip(answer["characters"], expected.characters, strict=True):
        assert got["text"] == character.text
        assert (got["left"], got["right"]) == pytest.approx((character.left, character.right))


def test_an_answer_tells_blank_paper_from_doubt(server: ReadingServer) -> None:
    """A client could not tell an empty line from one that was overlooked."""
    answer = server.read(word("")).json()
    assert (answer["text"], answer["confidence"]) == ("", 0)
    assert answer["blank_probability"] > 0.5
    assert server.read(word("bead")).json()["blank_probability"] < 1e-3


def test_an_answer_names_the_model_and_its_hash(server: ReadingServer) -> None:
    """Nobody could say later which model has read a document."""
    answer = server.read(word("cab")).json()
    sha256 = hashlib.sha256(members()["bundle.json"]).hexdigest()
    assert answer["model"] == {"name": "letters", "sha256": sha256}
    [model] = server.client.get("/v1/models").json()["models"]
    assert (model["name"], model["sha256"], model["default"], model["alphabet"]) == ("letters", sha256, True, "abcde")


def test_several_images_are_answered_in_their_order(server: ReadingServer) -> None:
    """A page's words would come back mixed, or a single bad image would cost all of them."""
    images = [data_url(word(text)) for text in WORDS]
    images.insert(3, data_url(b"GIF89a is no image"))
    results = server.client.post("/v1/predict", json={"images": images}).json()["results"]
    assert "PNG" in results.pop(3)["error"]
    assert [result["text"] for result in results] == WORDS


def test_a_form_and_a_bare_file_are_read(server: ReadingServer) -> None:
    """`curl -F` and `curl --data-binary`, the easiest ways from a terminal, would not work."""
    one = server.client.post("/v1/predict", files={"image": word("dad")})
    two = server.client.post("/v1/predict", files=[("a", word("dad")), ("b", word("abc"))])
    bare = server.client.post("/v1/predict", content=word("beeb"), headers={"Content-Type": "image/png"})
    assert one.json()["text"] == "dad"
    assert [result["text"] for result in two.json()["results"]] == ["dad", "abc"]
    assert bare.json()["text"] == "beeb"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
def test_the_content_decides_what_an_image_is(server: ReadingServer, kind: str) -> None:
    """A picture with the wrong ending or type, as phones and scanners send them, would be rejected."""
    content = base64.b64encode(encoded(draw("decade"), kind)).decode()
    answer = server.client.post("/v1/predict", json={"image": f"data:text/html;base64,{content}"})
    assert answer.json()["text"] == "decade"


@pytest.mark.parametrize(
    ("body", "status", "names"),
    [
        (b"", 400, "image"),
        (b"{", 400, "JSON"),
        (b'{"image": 5}', 400, "str"),
        (b'{"pages": []}', 400, "image"),
        (b'{"images": []}', 400, "image"),
        (b'{"image": "data:image/png,abc"}', 400, "base64"),
        (b'{"image": "data:image/png;base64,*"}', 400, "base64"),
        (b'{"image": ""}', 422, "image"),
        (b'{"image": "AAAA", "model": "../../etc/passwd"}', 404, "letters"),
        (b'{"images": [' + b'"AAAA",' * 40 + b'"AAAA"]}', 413, "41 images"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 422, "PNG"),
        (b"[" * 100_000, 422, "PNG"),
        (b'{"image": ' + b"[" * 100_000, 400, "JSON"),
    ],
)
def test_a_bad_request_is_rejected_in_one_line(server: ReadingServer, body: bytes, status: int, names: str) -> None:
    """A client would not know what to do, or read of the server's insides."""
    answer = server.client.post("/v1/predict", content=body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert names in error
    assert "\n" not in error
    assert "/" not in error.replace("data:image/png", "")


def test_a_file_that_only_its_header_makes_an_image_is_rejected(server: ReadingServer) -> None:
    """A cut upload would be an error of the server's own."""
    answer = server.read(word("decade")[:60])
    assert answer.status_code == 422
    assert "image" in answer.json()["error"]


def test_pixel_bombs_are_rejected_before_they_are_decoded(server: ReadingServer) -> None:
    """A file of a few kilobytes would take all memory of the server."""
    server.read(word("cab"))
    before = server.memory()
    for side in (5_000, 20_000, 60_000):
        answer = server.read(encoded(Image.new("1", (side, side))) if side < 60_000 else _claims(side))
        assert answer.status_code == 422
        assert "pixels" in answer.json()["error"]
    deep = server.read(encoded(Image.new("I;16", (4_000, 4_000))))  # takes twice as much to decode
    assert deep.status_code == 422
    assert server.memory() - before < 60 << 20


def _claims(side: int) -> bytes:
    """A PNG file that says that it has side × side pixels, and has none."""
    head, data = struct.pack(">4s2I5B", b"IHDR", side, side, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"\0" * 9)
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_unknown_addresses_and_methods_are_told_of_alike(server: ReadingServer) -> None:
    """A client would have to understand two kinds of errors."""
    assert server.client.get("/nowhere").json() == {"error": "Not Found"}
    assert server.client.delete("/v1/predict").status_code == 405
    assert "error" in server.client.delete("/v1/predict").json()


def test_operators_see_life_readiness_and_counts(server: ReadingServer) -> None:
    """A load balancer could not tell whether to send requests, nor an operator how many there were."""
    server.client.get("/v1/models")
    assert server.client.get("/healthz").status_code == 200
    assert server.client.get("/readyz").status_code == 200
    counts = server.client.get("/metrics").text
    assert 'gluon_htr_requests_total{route="/v1/models",status="200"}' in counts
    assert "gluon_htr_waiting_images 0.0" in counts


def test_a_model_that_is_named_in_the_address_is_used(server: ReadingServer) -> None:
    """A text would be read by another model than the client has asked for, and nobody would notice."""
    ways = ({"content": word("dad")}, {"files": {"image": word("dad")}}, {"json": {"image": data_url(word("dad"))}})
    for way in ways:
        assert server.client.post("/v1/predict?model=letters", **way).json()["text"] == "dad"  # type: ignore[arg-type]
        unknown = server.client.post("/v1/predict?model=nope", **way)  # type: ignore[arg-type]
        assert unknown.status_code == 404
        assert "letters" in unknown.json()["error"]
    both = server.client.post("/v1/predict?model=nope", json={"image": data_url(word("dad")), "model": "letters"})
    assert both.status_code == 400


def test_health_is_told_without_a_body(server: ReadingServer) -> None:
    """Proxies that ask with HEAD would take a healthy server for a broken one."""
    for path in ("/healthz", "/readyz"):
        answer = server.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


def test_strangers_cannot_fill_the_metrics(server: ReadingServer) -> None:
    """Every path that a scanner tries would be a time series for ever."""
    for k in range(5):
        server.client.get(f"/wp-admin/{k}")
    assert "wp-admin" not in server.client.get("/metrics").text


def test_the_interface_is_described(server: ReadingServer) -> None:
    """Programs could not be generated from the OpenAPI document."""
    document = server.client.get("/openapi.json").json()
    assert {"application/json", "multipart/form-data"} <= set(
        document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]
    )


def test_a_photograph_of_a_telephone_is_read(server: ReadingServer) -> None:
    """Users would have to convert every photograph before they send it."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    photograph = encoded(draw("bead").convert("RGB"), "HEIF", quality=95)
    assert server.read(photograph).json()["text"] == "bead"
    broken = server.read(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    assert broken.status_code == 422
    assert "HEIC" in broken.json()["error"]


def test_a_picture_of_many_scans_costs_no_worker(server: ReadingServer) -> None:
    """Two requests of 190 kB to 16 MB stopped the server for hours."""
    whole = encoded(Image.new("L", (4472, 4472), 255), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    began = time.perf_counter()
    answer = server.read(whole[:-2] + scan * 2000 + whole[-2:])
    assert time.perf_counter() - began < 5
    assert answer.status_code == 422
    assert "scans" in answer.json()["error"]


@pytest.mark.parametrize("request_line", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0"])
def test_what_is_not_http_is_answered_in_json(server: ReadingServer, request_line: bytes) -> None:
    """A client that reads the error of every other answer could not read this one."""
    with server.connect() as connection:
        connection.sendall(request_line)
        head, _, body = connection.recv(4096).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/json" in head
    assert json.loads(body).keys() == {"error"}
