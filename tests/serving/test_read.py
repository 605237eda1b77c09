"""Whole pages, from a server that runs as a user runs it; a stand-in finds the lines of drawn pages."""

from __future__ import annotations

import base64
import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from letters import encoded
from PIL import Image
from reading_server import ReadingServer, data_url, word
from word_pages import HEIGHT, WIDTH, drawn_page, written_page

from gluon_htr.bundles.catalog import find_bundle
from gluon_htr.pages.document import Document

LINES = ["decade", "bead", "cab"]
PAGE = encoded(drawn_page(LINES))
EMPTY = {"source": "a.png", "number": 1, "width": 9, "height": 9, "orientation": 0}
DOCUMENT: dict[str, Any] = {"source": "a.png", "pages": [EMPTY]}


@pytest.fixture(scope="module")
def server() -> Iterator[ReadingServer]:
    """One server for all tests that leave it as it was."""
    with ReadingServer(pages=True, limits={"max_pages": 4, "max_page_pixels": 2_000_000}) as running:
        yield running


def several(*pages: Image.Image, kind: str = "TIFF") -> bytes:
    """A file with several pages."""
    buffer = io.BytesIO()
    more = {"PDF": {"resolution": 72}, "TIFF": {"compression": "tiff_lzw"}}[kind]
    pages[0].save(buffer, kind, save_all=True, append_images=pages[1:], **more)
    return buffer.getvalue()


def texts(answer: dict[str, Any]) -> list[list[str]]:
    """The texts of the lines of each page."""
    return [[line["text"] for region in page["regions"] for line in region["lines"]] for page in answer["pages"]]


def test_a_page_becomes_a_document(server: ReadingServer) -> None:
    """A program could not use what `gluon-htr read --format json` gives it elsewhere."""
    answer = server.client.post("/v1/read", files={"image": ("folder/my page.png", PAGE)})
    document = msgspec.json.decode(answer.content, type=Document)
    assert [line.text for line in document.lines] == LINES
    assert (document.source, document.pages[0].width, document.pages[0].height) == ("my page.png", WIDTH, HEIGHT)
    assert document.pages[0].model == "letters"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="my page.json"'
    assert "x-failed-pages" not in answer.headers


def test_a_page_is_sent_as_a_line_is(server: ReadingServer) -> None:
    """A client that reads lines would have to be written anew for pages."""
    ways: list[dict[str, Any]] = [
        {"content": PAGE},
        {"files": {"image": PAGE}, "data": {"model": "letters"}},
        {"json": {"image": data_url(PAGE), "model": "letters"}},
        {"json": {"images": [base64.b64encode(PAGE).decode()]}, "params": {"model": "letters"}},
    ]
    for way in ways:
        assert texts(server.client.post("/v1/read", **way).json()) == [LINES], way.keys()
    assert server.client.post("/v1/read", content=PAGE, params={"model": "nope"}).status_code == 404
    assert server.client.post("/v1/read", content=b"").status_code == 400
    assert server.client.get("/v1/read?image_url=http://example.com/a.png").status_code == 403


@pytest.mark.parametrize(
    ("name", "media_type", "file", "begins"),
    [
        ("txt", "text/plain; charset=utf-8", "page.txt", b"decade\nbead\ncab\n"),
        ("page", "application/vnd.prima.page+xml", "page.xml", b"<?xml"),
        ("alto", "application/alto+xml", "page.alto.xml", b"<?xml"),
        ("hocr", "text/vnd.hocr+html; charset=utf-8", "page.hocr", b"<?xml"),
        ("pdf", "application/pdf", "page.pdf", b"%PDF-"),
    ],
)
def test_every_format_comes_with_its_type_and_name(
    server: ReadingServer, name: str, media_type: str, file: str, begins: bytes
) -> None:
    """A browser would save a file that no program opens, and a second request for it would be needed."""
    asked = server.client.post("/v1/read", content=PAGE, params={"format": name})
    accepted = server.client.post("/v1/read", content=PAGE, headers={"Accept": f"text/x-odd, {media_type}; q=0.5"})
    for answer in (asked, accepted):
        assert answer.content.startswith(begins)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="{file}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert server.client.post("/v1/read", content=PAGE, params={"format": "doc"}).status_code == 422


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_all_pages_of_a_file_are_read(server: ReadingServer, kind: str) -> None:
    """Scans of letters and books, which are such files, would have to be taken apart first."""
    if kind == "PDF":
        pytest.importorskip("pypdfium2", reason="needs gluon-htr[pages]")
    pages = [drawn_page([text]).convert("RGB") for text in LINES]
    answer = server.client.post("/v1/read", content=several(*pages, kind=kind)).json()
    assert [page["number"] for page in answer["pages"]] == [1, 2, 3]
    if kind == "TIFF":  # the stand-in knows the lines of a PDF, which is rendered at 300 dpi, no longer
        assert texts(answer) == [[text] for text in LINES]


def test_pages_of_several_files_are_one_document(server: ReadingServer) -> None:
    """Photographs of a letter's pages would come back as documents that nobody has put in order."""
    pytest.importorskip("lxml", reason="needs gluon-htr[pages]")
    files = [("image", (f"{text}.png", encoded(drawn_page([text])))) for text in LINES]
    answer = server.client.post("/v1/read", files=files).json()
    assert texts(answer) == [[text] for text in LINES]
    assert [(page["number"], page["source"]) for page in answer["pages"]] == [
        (number, f"{text}.png") for number, text in enumerate(LINES, 1)
    ]
    packed = server.client.post("/v1/read", files=files, params={"format": "page"})
    assert packed.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == [f"decade-000{number}.xml" for number in (1, 2, 3)]


def test_a_page_that_fails_is_named_and_the_others_are_read(server: ReadingServer) -> None:
    """One bad scan would cost all pages of a book."""
    large = Image.new("L", (2000, 2000), 255)
    content = several(drawn_page(["bead"]), large, drawn_page(["cab"]))
    answer = server.client.post("/v1/read", content=content)
    assert answer.status_code == 200
    assert texts(answer.json()) == [["bead"], ["cab"]]
    [failure] = answer.json()["failures"]
    assert failure["page"] == 2
    assert "2000 × 2000 pixels" in failure["error"]
    assert json.loads(answer.headers["x-failed-pages"]) == [failure]
    text = server.client.post("/v1/read", content=content, params={"format": "txt"})
    assert json.loads(text.headers["x-failed-pages"]) == [failure]


def test_too_many_pages_or_pixels_are_refused(server: ReadingServer) -> None:
    """One request could keep the server busy for hours, or take all its memory."""
    blank = Image.new("L", (100, 100), 255)
    for content in (several(*[blank] * 5), several(*[blank] * 5, kind="PDF")):
        answer = server.client.post("/v1/read", content=content)
        assert answer.status_code == 413
        assert "more than 4 pages" in answer.json()["error"]
    many = server.client.post("/v1/read", files=[("a", several(blank, blank, blank)), ("b", several(blank, blank))])
    assert many.status_code == 413
    large = server.client.post("/v1/read", content=encoded(Image.new("L", (2000, 2000))))
    assert large.status_code == 422
    assert "pixels" in large.json()["error"]


@pytest.mark.parametrize("content", [b"%PDF-1.7 and nothing else", b"not an image", PAGE[:200], b"II*\0" + bytes(40)])
def test_what_is_not_a_page_is_refused_in_one_line(server: ReadingServer, content: bytes) -> None:
    """A client would not know what to do."""
    answer = server.client.post("/v1/read", content=content)
    assert answer.status_code == 422, answer.text
    assert "\n" not in answer.json()["error"]


def test_a_blank_page_is_an_empty_document(server: ReadingServer) -> None:
    """A notebook with an empty page would look like an error."""
    blank = encoded(Image.new("L", (400, 600), 255))
    answer = server.client.post("/v1/read", content=blank)
    assert (answer.status_code, texts(answer.json())) == (200, [[]])
    for name in ("txt", "page", "alto", "hocr", "pdf"):
        assert server.client.post("/v1/read", content=blank, params={"format": name}).status_code == 200


def test_a_corrected_document_is_written_in_any_format(server: ReadingServer) -> None:
    """Corrections made on the web page would be missing in what is downloaded from it."""
    pytest.importorskip("lxml", reason="needs gluon-htr[pages]")
    document = server.client.post("/v1/read", content=PAGE, params={"pictures": True}).json()
    assert document["pictures"][0].startswith("data:image/jpeg;base64,")
    line = document["pages"][0]["regions"][0]["lines"][1]
    line["text"], line["words"] = "beaded", []
    for name in ("txt", "page", "alto", "hocr"):
        answer = server.client.post("/v1/convert", json=document, params={"format": name})
        assert answer.status_code == 200
        assert "beaded" in answer.text
    assert server.client.post("/v1/convert", json=document, params={"format": "pdf"}).content.startswith(b"%PDF-")
    del document["pictures"]
    assert server.client.post("/v1/convert", json=document, params={"format": "pdf"}).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"pages": []},
        {"pages": [EMPTY] * 5},
        {"pages": [{**EMPTY, "width": 10**30}]},
        {"pages": [{**EMPTY, "width": 0}]},
        {"pages": [{**EMPTY, "more": 1}]},
        {"pictures": ["data:image/png;base64,AAAA"]},
        {"source": 5},
    ],
)
def test_a_document_that_cannot_be_written_is_refused(server: ReadingServer, change: dict[str, Any]) -> None:
    """A client's mistake would be an error of the server's own."""
    answer = server.client.post("/v1/convert", json={**DOCUMENT, **change}, params={"format": "pdf"})
    assert answer.status_code in (400, 413, 422), answer.text
    assert server.client.post("/v1/convert", content=b"{", params={"format": "txt"}).status_code == 400


def test_pixel_bombs_are_rejected_before_they_are_decoded(server: ReadingServer) -> None:
    """A file of a few kilobytes would take all memory of the server."""
    server.client.post("/v1/read", content=PAGE)
    before = server.memory()
    large = Image.new("1", (20_000, 9_000))
    bombs = [encoded(large), several(large, kind="TIFF"), several(drawn_page([]), large)]
    for bomb in bombs[:2]:
        assert server.client.post("/v1/read", content=bomb).status_code == 422
    answer = server.client.post("/v1/read", content=bombs[2]).json()
    assert [failure["page"] for failure in answer["failures"]] == [2]
    picture = base64.b64encode(bombs[0]).decode()
    document = {**DOCUMENT, "pictures": [picture]}
    assert server.client.post("/v1/convert", json=document, params={"format": "pdf"}).status_code == 422
    assert server.memory() - before < 60 << 20


def test_fuzzed_pages_are_rejected_and_nothing_else() -> None:
    """A few odd bytes would bring an error of the server's own, or its end."""
    noise = random.Random(0)
    small = drawn_page(["cab"]).crop((0, 0, 200, 120))
    with ReadingServer(pages=True, limits={"max_pages": 4}) as server:
        read = server.client.post("/v1/read", content=PAGE).content
        bodies = [("/v1/read", several(small, small)), ("/v1/read", several(small, kind="PDF"))]
        bodies += [("/v1/convert?format=alto", read), ("/v1/convert?format=txt", json.dumps(DOCUMENT).encode())]
        statuses = set()
        for path, body in bodies:
            for _ in range(60):
                broken = bytearray(body)
                for _ in range(noise.randint(1, 6)):
                    broken[noise.randrange(len(broken))] = noise.randrange(256)
                statuses.add(server.client.post(path, content=bytes(broken)).status_code)
        assert statuses <= {200, 400, 413, 422}, statuses
        assert server.end() == 0
        assert "Traceback" not in "".join(server.said)


def test_lines_are_read_while_a_page_is(tmp_path: Path) -> None:
    """A long document would stop the server for everybody else."""
    with ReadingServer(pages=True, limits={"workers": 1}, slowness=0.5) as server, ThreadPoolExecutor(1) as pool:
        begun = time.monotonic()
        pages = pool.submit(server.client.post, "/v1/read", content=several(*[drawn_page(["cab"])] * 5))
        time.sleep(0.2)
        assert server.client.get("/healthz").status_code == 200
        assert server.read(word("abc")).json()["text"] == "abc"
        assert time.monotonic() - begun < 2.5
        assert not pages.done()
        assert pages.result().status_code == 200


def test_a_full_queue_of_pages_says_when_to_come_back() -> None:
    """Clients would wait for ever instead of trying elsewhere, and a proxy would go on sending pages."""
    limits = {"workers": 1, "max_waiting_pages": 2}
    with ReadingServer(pages=True, limits=limits, slowness=0.4) as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.client.post("/v1/read", content=PAGE), range(8)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 429)
        counted = server.client.get("/metrics").text
        assert f"gluon_htr_page_seconds_count {statuses.count(200)}.0" in counted
        assert 'gluon_htr_requests_total{route="/v1/read",status="200"}' in counted
        assert "gluon_htr_body_bytes 0.0" in counted
        assert "gluon_htr_waiting_pages 0.0" in counted


def test_pages_that_take_too_long_are_given_up() -> None:
    """A client would wait longer than it has time, and the server go on with pages for nobody."""
    limits = {"workers": 1, "page_timeout": 0.6}
    with ReadingServer(pages=True, limits=limits, slowness=0.5) as server:
        answer = server.client.post("/v1/read", content=several(*[drawn_page(["cab"])] * 10))
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        time.sleep(1.5)  # of the 10 s that all its pages take
        assert server.client.post("/v1/read", content=encoded(Image.new("L", (99, 99), 255))).status_code == 200


def test_pages_on_their_way_are_read_while_the_server_ends() -> None:
    """The longest requests of all would be the ones that are lost."""
    with (
        ReadingServer(pages=True, limits={"drain_seconds": 0.2}, slowness=0.5) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        reading = pool.submit(server.client.post, "/v1/read", content=PAGE)
        while "gluon_htr_body_bytes 0.0" in server.client.get("/metrics").text:
            time.sleep(0.01)
        assert server.end() == 0
        assert texts(reading.result().json()) == [LINES]
        assert reading.result().headers["connection"] == "close"


def test_bodies_of_pages_have_the_limits_of_all_bodies() -> None:
    """Pages would be a way around the limits that hold for lines."""
    with ReadingServer(pages=True, limits={"max_body_bytes": 1 << 20, "body_timeout": 0.5}) as server:
        for path in ("/v1/read", "/v1/convert"):
            assert server.client.post(path, content=bytes(2 << 20)).status_code == 413
            with server.connect() as connection:
                connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{{".encode())
                assert connection.recv(65536).startswith(b"HTTP/1.1 408")


def test_a_server_without_a_model_for_pages_reads_lines() -> None:
    """An installation without that model would not start, or fail with an error of the server's own."""
    with ReadingServer(limits={"max_pages": 4}) as server:
        answer = server.client.post("/v1/read", content=PAGE)
        assert answer.status_code == 501
        assert "--layout" in answer.json()["error"]
        assert server.client.get("/v1/models").json()["pages"] is False
        assert server.read(word("abc")).json()["text"] == "abc"


@pytest.mark.parametrize(
    ("package", "wanted"), [("pypdfium2", "json"), ("lxml", "alto"), ("lxml", "hocr"), ("pikepdf", "pdf")]
)
def test_a_missing_package_is_named(tmp_path: Path, package: str, wanted: str) -> None:
    """An operator would look for a fault in the server, and a client try again for ever."""
    (tmp_path / f"{package}.py").write_text("raise ImportError('as if it were not there')")
    with ReadingServer(pages=True, before=tmp_path) as server:
        content = several(drawn_page(["cab"]), kind="PDF") if package == "pypdfium2" else PAGE
        answer = server.client.post("/v1/read", content=content, params={"format": wanted})
        assert answer.status_code == 501
        assert package in answer.json()["error"]
        assert "gluon-htr[pages]" in answer.json()["error"]
        assert texts(server.client.post("/v1/read", content=PAGE).json()) == [LINES]


def test_nobody_reads_pages_without_the_key() -> None:
    """A server that others can reach would read for everybody."""
    with ReadingServer(pages=True, limits={"api_key": "correct horse battery"}) as server:
        for path in ("/v1/read", "/v1/convert"):
            assert server.client.post(path, content=PAGE).status_code == 401
        headers = {"X-API-Key": "correct horse battery"}
        assert texts(server.client.post("/v1/read", content=PAGE, headers=headers).json()) == [LINES]


def test_several_pdfs_at_once_do_not_crash_the_server() -> None:
    """PDFium allows one call at a time: two users with a PDF would end the server for everybody."""
    pytest.importorskip("pypdfium2", reason="needs gluon-htr[pages]")
    content = several(*[drawn_page([]).convert("RGB")] * 3, kind="PDF")
    with ReadingServer(pages=True, limits={"workers": 4}) as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.client.post("/v1/read", content=content), range(16)))
        assert {answer.status_code for answer in answers} <= {200, 429}
        assert server.client.get("/healthz").status_code == 200


@pytest.mark.skipif(find_bundle("pages") is None, reason="no bundle named `pages`, which finds lines, ships yet")
def test_a_page_is_read_with_the_model_that_ships() -> None:
    """The built-in models would not work together in the server."""
    bundle = find_bundle("pages")
    assert bundle is not None
    with ReadingServer("--layout", bundle, model="english-lines") as server:
        [lines] = texts(server.client.post("/v1/read", content=encoded(written_page())).json())
    assert 17 <= len(lines) <= 22  # a line may be found in parts
    assert sum(text.startswith("Dear reader, nobody has ever written") for text in lines) >= 12
