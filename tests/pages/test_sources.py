"""Pages of files: images, TIFF with several pages, PDF."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gluon_htr.errors import ImageError
from gluon_htr.pages.sources import PageSource


def picture(gray: int, side: int = 60) -> Image.Image:
    """A gray page."""
    return Image.new("L", (side, side + 20), gray)


def pdf(pages: int, password: str = "") -> bytes:
    """A PDF whose pages are pictures of rising gray."""
    pikepdf = pytest.importorskip("pikepdf")
    buffer = io.BytesIO()
    first, *rest = [picture(min(250, 20 + k)) for k in range(pages)]
    first.save(buffer, "PDF", save_all=True, append_images=rest, resolution=72)
    if not password:
        return buffer.getvalue()
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(buffer.getvalue())) as document:
        document.save(locked, encryption=pikepdf.Encryption(owner=password, user=password))
    return locked.getvalue()


def test_pages_of_a_tiff_come_in_order(tmp_path: Path) -> None:
    """Only the first page of a scanned letter would be read."""
    path = tmp_path / "letter.tif"
    picture(10).save(path, save_all=True, append_images=[picture(90), picture(200)])
    with PageSource(path) as pages:
        assert pages.count == 3
        assert [(page.number, int(page.pixels[0, 0])) for page in pages if page.pixels is not None] == [
            (1, 10), (2, 90), (3, 200)
        ]  # fmt: skip


def test_pages_of_a_pdf_come_in_order() -> None:
    """A scanned book could not be read."""
    pytest.importorskip("pypdfium2")
    with PageSource(pdf(3)) as pages:
        grays = [int(np.median(page.pixels)) for page in pages if page.pixels is not None]
    assert grays == pytest.approx([20, 21, 22], abs=2)


def test_a_long_pdf_is_opened_at_once_and_read_page_by_page() -> None:
    """A book of 300 pages would fill the memory before its first page is read."""
    pytest.importorskip("pypdfium2")
    with PageSource(pdf(300)) as pages:
        assert pages.count == 300
        first = next(iter(pages))
    assert first.pixels is not None
    assert first.pixels.shape[0] > 100  # rendered at the resolution of a scan


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 and then nothing", "broken"),
        (b"GIF89a nothing", "is not an image"),
        ("pdf with a password", "encrypted"),
        ("cut off", "broken"),
    ],
)
def test_files_that_cannot_be_read_are_named(blob: bytes | str, words: str, tmp_path: Path) -> None:
    """Nobody would know which of many files is broken, or why."""
    if blob == "pdf with a password":
        pytest.importorskip("pypdfium2")
        blob = pdf(1, "secret")
    elif blob == "cut off":
        buffer = io.BytesIO()
        Image.effect_noise((300, 300), 60).save(buffer, "JPEG")
        blob = buffer.getvalue()[:2000]
    assert isinstance(blob, bytes)
    path = tmp_path / "scan"
    path.write_bytes(blob)
    with pytest.raises(ImageError, match=words) as caught, PageSource(path) as pages:  # noqa: PT012
        for page in pages:
            if page.error:
                raise page.error
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_reported(kind: str, tmp_path: Path) -> None:
    """The first picture of an animation would pass for the whole."""
    path = tmp_path / "moving"
    picture(10).save(path, kind, save_all=True, append_images=[picture(200)])
    with PageSource(path) as pages:
        (page,) = pages
    assert page.pixels is None
    assert "animation" in str(page.error)


def test_a_broken_page_does_not_hide_the_others(tmp_path: Path) -> None:
    """One broken page of a TIFF would cost the whole letter."""
    path = tmp_path / "letter.tif"
    noise = [Image.effect_noise((200, 200), 60) for _ in range(3)]
    noise[0].save(path, save_all=True, append_images=noise[1:], compression="tiff_deflate")
    blob = bytearray(path.read_bytes())
    with Image.open(path) as image:
        image.seek(1)
        offset = image.tag_v2[273][0]  # StripOffsets
    blob[offset : offset + 400] = b"\0" * 400
    path.write_bytes(blob)
    with PageSource(path) as pages:
        found = [page.pixels is not None for page in pages]
    assert found == [True, False, True]


@pytest.mark.parametrize("big", [False, True])
def test_pages_that_a_tiff_has_lost_are_told(big: bool, tmp_path: Path) -> None:
    """A transfer that was cut off would lose the end of a letter without a word."""
    path = tmp_path / "letter.tif"
    noise = [Image.effect_noise((80, 80), 60) for _ in range(4)]
    noise[0].save(path, save_all=True, append_images=noise[1:], big_tiff=big)
    whole = path.read_bytes()
    with PageSource(whole) as pages:
        assert [page.pixels is not None for page in pages] == [True] * 4
    path.write_bytes(whole[: len(whole) // 2])
    with PageSource(path) as pages:
        *found, lost = pages
        assert pages.count < 4
    assert found
    assert found[0].pixels is not None
    assert "what follows is lost" in str(lost.error)
    with PageSource(whole.rstrip(b"\0")) as pages:  # the end of the chain may be missing
        assert pages.count == 4


def test_heic_is_read() -> None:
    """Photographs of telephones could not be read."""
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    buffer = io.BytesIO()
    picture(90, 128).convert("RGB").save(buffer, "HEIF")
    with PageSource(buffer.getvalue()) as pages:
        (page,) = pages
    assert page.pixels is not None
    assert int(np.median(page.pixels)) == pytest.approx(90, abs=4)
