"""Any image a person may have becomes gray, or a one-line error."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from letters import encoded
from PIL import Image

from gluon_htr.errors import ImageError
from gluon_htr.images.decoding import decode

GRAY = np.linspace(0, 255, 40 * 60).reshape(40, 60).astype(np.uint8)


def test_a_gray_png_is_read_exactly(tmp_path: Path) -> None:
    """A file would be read differently from what was stored in it."""
    path = tmp_path / "gray.png"
    Image.fromarray(GRAY).save(path)
    assert np.array_equal(decode(path), GRAY)
    assert np.array_equal(decode(str(path)), GRAY)
    assert np.array_equal(decode(path.read_bytes()), GRAY)


def test_sixteen_bits_keep_their_brightness() -> None:
    """A 16-bit scan would come out white, or black."""
    wide = GRAY.astype(np.uint16) * 257
    assert np.array_equal(decode(encoded(Image.fromarray(wide), "PNG")), GRAY)
    assert np.array_equal(decode(wide), GRAY)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_is_paper(mode: str) -> None:
    """Words cut out of their background would be read as black on black."""
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (5, 2, 10, 8))
    gray = decode(encoded(image, "PNG") if mode == "RGBA" else image.convert(mode))
    assert gray[0, 0] == 255
    assert gray[4, 7] < 20


def test_a_palette_png_is_read_by_its_colors() -> None:
    """Indices into the palette would be taken for gray levels."""
    image = Image.new("P", (4, 1))
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.putdata([0, 1, 0, 1])
    assert decode(encoded(image, "PNG")).tolist() == [[255, 0, 255, 0]]


def test_a_palette_with_a_transparent_color_shows_paper_there() -> None:
    """GIF-like images would have black backgrounds."""
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 0, 0, 0])
    image.putdata([0, 1])
    assert decode(encoded(image, "PNG", transparency=0)).tolist() == [[255, 0]]


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    """Scans from printing software would be read as negatives."""
    image = Image.new("RGB", (16, 16), "white")
    image.paste("black", (0, 0, 16, 8))
    gray = decode(encoded(image.convert("CMYK"), "JPEG", quality=95))
    assert gray[2].mean() < 60
    assert gray[13].mean() > 200


def test_a_photograph_is_turned_as_its_exif_says() -> None:
    """A phone's picture would be read lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG"):
        assert decode(encoded(Image.fromarray(GRAY), kind, exif=exif)).shape == (60, 40)


@pytest.mark.parametrize(
    "array",
    [GRAY, GRAY[:, :, None], np.stack([GRAY] * 3, 2), np.dstack([GRAY, GRAY, GRAY, np.full_like(GRAY, 255)])],
    ids=["gray", "one channel", "RGB", "RGBA"],
)
def test_arrays_of_any_layout_are_the_same_image(array: np.ndarray) -> None:
    """A program that holds its image as an array would have to know our layout."""
    assert np.array_equal(decode(array), GRAY)


def test_float_and_bool_arrays_are_images() -> None:
    """Images from numpy pipelines would be refused, or come out black."""
    assert np.array_equal(decode(GRAY / 255.0), GRAY)
    assert decode(np.array([[True, False]])).tolist() == [[255, 0]]


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (3,), (2, 2, 5), (1, 1, 1, 1)])
def test_arrays_that_are_no_images_are_refused(shape: tuple[int, ...]) -> None:
    """A wrong argument would fail far from its cause."""
    with pytest.raises(ImageError, match="shape"):
        decode(np.zeros(shape, np.uint8))


def test_an_array_is_copied() -> None:
    """Reading would change the caller's array, or the other way round."""
    array = GRAY.copy()
    decode(array)[:] = 0
    assert np.array_equal(array, GRAY)


def test_one_pixel_is_an_image() -> None:
    """The smallest image would crash what follows."""
    assert decode(encoded(Image.new("L", (1, 1), 7), "PNG")).tolist() == [[7]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"just some text, named .png", "not an image"),
        (encoded(Image.fromarray(GRAY), "PNG")[:200], "is broken"),
        (encoded(Image.fromarray(GRAY), "JPEG")[:150], "is broken|not an image"),
    ],
    ids=["empty", "text", "truncated png", "truncated jpeg"],
)
def test_what_is_no_image_is_one_line_with_the_name(content: bytes, says: str, tmp_path: Path) -> None:
    """A user with a hundred files would not learn which one is bad."""
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=says) as caught:
        decode(path)
    assert "bad.png" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_image_error(tmp_path: Path) -> None:
    """A typo in a name would be a traceback."""
    with pytest.raises(ImageError, match=r"none\.png cannot be read"):
        decode(tmp_path / "none.png")


def test_a_scan_of_several_pages_is_not_read_in_part(tmp_path: Path) -> None:
    """All pages but the first would be lost without a word; a thumbnail or a mask behind the image is no page."""
    page, small = (Image.new("L", size, 200) for size in ((90, 30), (30, 10)))
    page.save(tmp_path / "pages.tif", save_all=True, append_images=[page])
    with pytest.raises(ImageError, match="more than one page"):
        decode(tmp_path / "pages.tif")
    for thumbnail_or_mask in (1, 4):
        small.encoderinfo = {"tiffinfo": {254: thumbnail_or_mask}}
        page.save(tmp_path / "one.tif", save_all=True, append_images=[small])
        assert decode(tmp_path / "one.tif").shape == (30, 90)


def test_a_frame_of_an_opened_file_is_chosen() -> None:
    """The first page of a scan would be read in place of the one that was asked for."""
    buffer = io.BytesIO()
    first, second = (Image.new("L", (30, 20), gray) for gray in (10, 200))
    turned = {"tiffinfo": {274: 6}, "save_all": True}  # orientation: a quarter turn
    first.save(buffer, "TIFF", append_images=[second], **turned)
    with Image.open(buffer) as opened:
        assert np.array_equal(decode(opened, frame=2), decode(buffer.getvalue(), frame=2))
        assert decode(opened, frame=2).mean() == 200
        assert np.array_equal(decode(opened, frame=1), decode(buffer.getvalue(), frame=1))
        assert decode(opened, frame=1).mean() == 10
        assert opened.tell() == 0
        with pytest.raises(ImageError, match="no frame 3"):
            decode(opened, frame=3)
    with pytest.raises(ImageError, match="an array has no frame 2"):
        decode(np.zeros((20, 30), np.uint8), frame=2)


def test_a_folder_is_told_apart_from_a_damaged_file(tmp_path: Path) -> None:
    """A stranger's first try is often the folder of the images."""
    with pytest.raises(ImageError, match="is a folder: name its images"):
        decode(tmp_path)


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    """A few kilobytes would fill the memory."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(60_000)))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(ImageError, match="scale it down"):
        decode(bomb)
