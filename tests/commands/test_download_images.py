"""`download --annotations`: the images of an export from a server on loopback, which has pages of the stated sizes."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image
from support import PROJECT

from gluon_htr.datasets.download import fetching
from gluon_htr.datasets.exports.images import LIST
from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.download import main

FSDL = PROJECT.parent / "shared" / "fsdl" / "fsdl_handwriting.json"
SIZES = [(124, 177), (253, 327), (127, 165), (120, 160), (90, 130)]


class Site:
    """Pages by path, the paths that were asked for, and how many requests were answered at the same time."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.now = self.most = 0
        self.delay = 0.0
        self.lock = threading.Lock()
        self.address = ""


@contextmanager
def site_of_pages() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with site.lock:
                site.asked.append(unquote(self.path))
                site.now += 1
                site.most = max(site.most, site.now)
            time.sleep(site.delay)
            with site.lock:
                site.now -= 1
            body = site.pages.get(unquote(self.path))
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield site
        server.shutdown()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.01)
    with site_of_pages() as started:
        yield started


def picture(size: tuple[int, int]) -> bytes:
    content = io.BytesIO()
    Image.effect_noise(size, 30).save(content, "png")
    return content.getvalue()


def publish(site: Site, folder: Path) -> Path:
    """Two of the pages have the same name, another has letters that addresses escape, the last is not annotated."""
    names = ["/a/p.png", "/b/p.png", "/x___V_%28Name%29.png", "/q.png", "/none.png"]
    rows = []
    for name, (width, height) in zip(names, SIZES):
        site.pages[unquote(name)] = picture((width, height))
        points = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.3], [0.1, 0.3]]
        mark = {"points": points, "label": ["line"], "notes": name, "imageWidth": width, "imageHeight": height}
        rows.append({"content": site.address + name, "annotation": None if name == "/none.png" else [mark]})
    file = folder / "set.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def published(site: Site, folder: Path) -> Path:
    """The published export of Dataturks with its addresses on loopback; pages without a stated size are small."""
    pages: dict[tuple[int, int], bytes] = {}
    rows = [json.loads(row) for row in FSDL.read_text("utf-8").splitlines()]
    for row in rows:
        marks = row["annotation"] or [{"imageWidth": 40, "imageHeight": 50}]
        size = (marks[0]["imageWidth"], marks[0]["imageHeight"])
        row["content"] = site.address + urlsplit(row["content"]).path
        site.pages[unquote(urlsplit(row["content"]).path)] = pages.setdefault(size, blank_page(size))
    file = folder / FSDL.name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def blank_page(size: tuple[int, int]) -> bytes:
    content = io.BytesIO()
    Image.new("L", size, 250).save(content, "jpeg")
    return content.getvalue()


def fetch(file: Path, *more: object) -> int:
    return main(["--annotations", str(file), "--allow-private", *map(str, more)])


def test_images_are_fetched_listed_and_read(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way from an export to lines. Two pages of the same name must not become one."""
    file = publish(site, tmp_path)
    assert fetch(file) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'set-images'}\t5\n"
    assert "5 images fetched, 0 were here" in said.err
    listed = [json.loads(row) for row in (tmp_path / "set-images" / LIST).read_text().splitlines()]
    for entry in listed:
        content = (tmp_path / "set-images" / entry["name"]).read_bytes()
        assert content == site.pages[unquote(entry["address"].removeprefix(site.address))]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    samples = list(open_spec(parse_spec(f"dataturks:{file}?text=transcribed")))
    assert [sample.text for sample in samples] == ["/a/p.png", "/b/p.png", "/x___V_%28Name%29.png", "/q.png"]
    assert [sample.image().shape[1] for sample in samples] == pytest.approx([99, 202, 102, 96], abs=2)


def test_a_second_run_fetches_what_is_missing_or_changed(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that was stopped goes on; one bit that changed on disk is found; a row that was cut off does no harm."""
    file, folder = publish(site, tmp_path), tmp_path / "images"
    assert fetch(file, "--output", folder) == 0
    names = {row["address"]: row["name"] for row in map(json.loads, (folder / LIST).read_text().splitlines())}
    damaged, missing = names[f"{site.address}/q.png"], names[f"{site.address}/a/p.png"]
    content = bytearray((folder / damaged).read_bytes())
    content[-1] ^= 1
    (folder / damaged).write_bytes(content)
    (folder / missing).unlink()
    with (folder / LIST).open("a") as opened:
        opened.write('{"address": "http')
    site.asked.clear()
    capsys.readouterr()
    assert fetch(file, "--output", folder) == 0
    assert sorted(site.asked) == ["/a/p.png", "/q.png"]
    assert "2 images fetched, 3 were here" in capsys.readouterr().err
    site.asked.clear()
    assert fetch(file, "--output", folder) == 0
    assert site.asked == []


def test_failures_have_a_line_each_and_the_others_are_kept(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that the site has scaled down since would be cut at the right places by luck only."""
    file = publish(site, tmp_path)
    site.pages["/a/p.png"] = picture((60, 80))
    site.pages["/q.png"] = site.pages["/q.png"][:-400]
    del site.pages["/b/p.png"]
    with file.open("a") as opened:
        opened.write('{"content": "file:///etc/hostname.png", "annotation": null}\n')
    assert fetch(file) == 1
    said = capsys.readouterr()
    rows = {row.split(" ", 1)[0].removeprefix(site.address): row for row in said.err.splitlines()}
    assert "has 60 x 80 pixels, not the 124 x 177 that were annotated" in rows["/a/p.png"]
    assert "does not exist (404)" in rows["/b/p.png"]
    assert "/q.png" in rows
    assert "is not a web address" in rows["file:///etc/hostname.png"]
    assert "2 images fetched, 0 were here, 4 failed" in said.err
    assert len(list((tmp_path / "set-images").glob("*.png"))) == 2


def test_four_are_fetched_at_once(site: Site, tmp_path: Path) -> None:
    """One after the other takes four times as long; more would burden the server."""
    file = publish(site, tmp_path)
    site.delay = 0.2
    assert fetch(file) == 0
    assert site.most == 4


def test_private_addresses_need_permission(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Annotations of others can name any server, also those inside."""
    assert main(["--annotations", str(publish(site, tmp_path))]) == 1
    assert site.asked == []
    assert "--allow-private permits that" in capsys.readouterr().err


@pytest.mark.skipif(not FSDL.exists(), reason="needs ../shared/fsdl/fsdl_handwriting.json")
def test_all_records_of_a_published_export_are_fetched(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records without an annotation, or with an empty one, would stop the download or lack their pages."""
    file = published(site, tmp_path)
    assert fetch(file) == 0
    assert "85 images fetched, 0 were here" in capsys.readouterr().err
    listed = [json.loads(row) for row in (tmp_path / "fsdl_handwriting-images" / LIST).read_text().splitlines()]
    contents = {row["address"]: (tmp_path / "fsdl_handwriting-images" / row["name"]).read_bytes() for row in listed}
    assert {unquote(urlsplit(address).path): page for address, page in contents.items()} == site.pages
    assert all(hashlib.sha256(contents[row["address"]]).hexdigest() == row["sha256"] for row in listed)
    samples = [each for each in open_spec(parse_spec(f"dataturks:{file}")) if isinstance(each, Sample)]
    assert len(samples) == 315  # rectangles with a text
    site.asked.clear()
    assert fetch(file) == 0
    assert site.asked == []
