"""What is accepted, told by content; the rest is refused by name, and what would help is said."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from letters import encoded
from PIL import Image
from support import BUGS

from gluon_htr.datasets.listing.reader import ListingOptions, ListingReader
from gluon_htr.errors import AnnotationError, ImageError
from gluon_htr.images.decoding import decode

GRAY = np.linspace(0, 255, 40 * 60).reshape(40, 60).astype(np.uint8)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 14\n%%EndComments\n300 14 scale\nshowpage\n"


PNG = encoded(Image.fromarray(GRAY), "PNG")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "PPM", "JPEG2000"])
def test_lossless_formats_are_read_exactly(kind: str) -> None:
    """A format that was read yesterday would be refused."""
    assert np.array_equal(decode(encoded(Image.fromarray(GRAY), kind)), GRAY)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "MPO"])
def test_other_formats_are_read(kind: str) -> None:
    """Photographs of telephones and pictures of web pages would be refused."""
    try:
        blob = encoded(Image.fromarray(GRAY).convert("RGB"), kind, quality=95)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow cannot write {kind}")
    assert np.abs(decode(blob).astype(int) - GRAY).mean() < 4


@pytest.mark.parametrize(
    ("blob", "says"),
    [
        (EPS, "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(40), "PostScript"),
        (b"%PDF-1.4\n" + bytes(40), "gluon-htr read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"8BPS" + bytes(100), "not an image in an accepted format"),
        (b"\0\0\1\0\1\0" + bytes(100), "not an image in an accepted format"),
    ],
)
def test_what_is_not_accepted_is_refused_by_name(blob: bytes, says: str, tmp_path: Path) -> None:
    """Another program would be started on it, or nobody would know what to do."""
    path = tmp_path / "picture.png"
    path.write_bytes(blob)
    with pytest.raises(ImageError, match=says) as caught:
        decode(path)
    assert str(path) in str(caught.value)


def test_no_other_program_is_ever_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ghostscript would run on a file of a stranger, whatever its name."""
    started = tmp_path / "started"
    for program in ("gs", "gswin64c", "convert"):
        (tmp_path / program).write_text(f"#!/bin/sh\ntouch {started}\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(subprocess, "Popen", None)
    (tmp_path / "eps.png").write_bytes(EPS)
    (tmp_path / "labels.tsv").write_text("eps.png\treading\n")
    with pytest.raises(ImageError):
        decode(tmp_path / "eps.png")
    with pytest.raises(AnnotationError, match="PostScript"):
        ListingReader(tmp_path / "labels.tsv", ListingOptions())
    assert not started.exists()


def heic() -> bytes:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    return encoded(Image.fromarray(GRAY).convert("RGB"), "HEIF", quality=95)


def test_heic_is_read_where_its_package_is_installed() -> None:
    """Photographs of telephones would be refused, although the package is there."""
    assert np.abs(decode(heic()).astype(int) - GRAY).mean() < 4


def test_heic_without_its_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A photograph would be called broken."""
    blob = heic()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"HEIC.*pip install.*JPEG"):
        decode(blob)


def test_a_broken_heic_is_named_as_one() -> None:
    """The advice to save it as JPEG would be missing."""
    with pytest.raises(ImageError, match=r"HEIC.*JPEG"):
        decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))


@pytest.mark.parametrize("kind", ["bytearray", "memoryview", "BytesIO", "file", "upload"])
def test_bytes_come_in_many_forms(kind: str, tmp_path: Path) -> None:
    """A web application passes the object that its framework gives."""
    path = tmp_path / "gray.png"
    path.write_bytes(PNG)

    class Upload:
        """As Flask's FileStorage: it reads, and has a name of its own."""

        name = "image"

        def read(self, size: int = -1) -> bytes:
            return PNG

    with path.open("rb") as file:
        sources = {
            "bytearray": bytearray(PNG),
            "memoryview": memoryview(PNG),
            "BytesIO": io.BytesIO(PNG),
            "file": file,
            "upload": Upload(),
        }
        assert np.array_equal(decode(sources[kind]), GRAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (None, "None is not an image"),
        ("a\0b", "NUL"),
        (b"", "empty"),
        (bytearray(), "empty"),
        (io.StringIO("text"), "rb"),
        (7, "int is not an image"),
        ([[1, 2]], "list is not an image"),
    ],
)
def test_what_is_no_image_is_an_image_error(source: object, says: str) -> None:
    """A program that catches `HtrError` would end with a TypeError."""
    with pytest.raises(ImageError, match=says) as caught:
        decode(source)  # type: ignore[arg-type]
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize("device", ["/dev/zero", "pipe"])
def test_what_has_no_end_is_not_read(device: str, tmp_path: Path) -> None:
    """Reading would fill the memory, or wait for ever."""
    if device == "pipe":
        os.mkfifo(tmp_path / "pipe")
        device = str(tmp_path / "pipe")
    with pytest.raises(ImageError, match="not a regular file"):
        decode(device)


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "PNG", "WEBP"])
def test_frames_are_reported_or_chosen(kind: str) -> None:
    """All pictures of a file but the first would be lost without a word."""
    frames = [Image.new("L", (30, 20), gray) for gray in (10, 90, 170)]
    options = {"lossless": True} if kind == "WEBP" else {}
    blob = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with pytest.raises(ImageError, match="frame"):
        decode(blob)
    for number, gray in enumerate((10, 90, 170), 1):
        assert abs(int(decode(blob, number)[9, 9]) - gray) <= 2
    for wrong in (0, 4, -1):
        with pytest.raises(ImageError, match=f"no frame {wrong}"):
            decode(blob, wrong)
    assert decode(PNG, 1).shape == GRAY.shape


def test_the_pictures_of_users_that_once_failed_are_read() -> None:
    """Each was read as blank or as nonsense, or was called broken."""
    if not BUGS.is_dir():
        pytest.skip("../shared/bugs is not here")
    from gluon_htr import load

    recognizer = load("english-lines", threads=1)
    for name in (
        "turned-raw-profile.png",
        "turned-exif-behind-pixels.png",
        "white-ink-transparent.png",
        "12-bit-in-16.tif",
        "10-bit-in-16.png",
        "white-pen-on-brown-paper.png",
    ):
        assert recognizer.read(BUGS / name).text == "reading", name
    fax = recognizer.read(BUGS / "fax-204x98.tif").text
    assert sum(a == b for a, b in zip(fax, "Dear reader, nobody has ever written this line by hand.")) > 50
    assert load(threads=1).read(BUGS / "fax-204x98.tif").text[:20] == fax[:20] == "Dear reader, nobody "
    for name, says in (("eps-named.png", "PostScript"), ("telephone.heic", "HEIC")):
        with pytest.raises(ImageError, match=says):
            recognizer.read(BUGS / name)
