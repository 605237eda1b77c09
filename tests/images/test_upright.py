"""Pictures are upright and their pixels square, wherever the file says how it lies."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from gluon_htr.images.decoding import decode, upright_size

STORED = np.zeros((40, 70), np.uint8) + np.linspace(0, 200, 70).astype(np.uint8)
STORED[:10, :10] = 255
#: Orientation → the upright picture (EXIF 2.32, tag 274).
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: a[::-1].T,
    7: lambda a: a[::-1, ::-1].T,
    8: lambda a: a.T[::-1],
}


def exif(orientation: int) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    return data.tobytes()


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def png(*before: bytes, behind: bytes = b"") -> bytes:
    file = io.BytesIO()
    Image.fromarray(STORED).save(file, "PNG")
    whole = file.getvalue()
    at = whole.index(b"IDAT") - 4
    return whole[:at] + b"".join(before) + whole[at:-12] + behind + whole[-12:]


def raw_profile(kind: bytes, content: bytes, chunk_name: bytes = b"zTXt") -> bytes:
    text = b"\n%s\n%8d\n%s\n" % (kind, len(content), content.hex().encode())
    name = b"Raw profile type " + kind
    return chunk(chunk_name, name + b"\0" + (b"\0" + zlib.compress(text) if chunk_name == b"zTXt" else text))


def xmp(orientation: int, form: str = 'tiff:Orientation="{}"') -> bytes:
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r {form.format(orientation)}/></x:xmpmeta>'.encode()
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)


def tiff(orientation: int, **options: object) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[274] = orientation
    file = io.BytesIO()
    Image.fromarray(STORED).save(file, "TIFF", tiffinfo=tags, **options)
    return file.getvalue()


def webp(orientation: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(STORED).convert("RGB").save(file, "WEBP", lossless=True, exif=exif(orientation))
    return file.getvalue()


PLACES: dict[str, Callable[[int], bytes]] = {
    "eXIf": lambda o: png(chunk(b"eXIf", exif(o)[6:])),
    "eXIf behind the pixels": lambda o: png(behind=chunk(b"eXIf", exif(o)[6:])),
    "profile exif": lambda o: png(raw_profile(b"exif", exif(o))),
    "profile exif, plain text, behind the pixels": lambda o: png(behind=raw_profile(b"exif", exif(o), b"tEXt")),
    "profile APP1": lambda o: png(raw_profile(b"APP1", exif(o))),
    "XMP": lambda o: png(xmp(o)),
    "XMP behind the pixels": lambda o: png(behind=xmp(o)),
    "XMP as an element": lambda o: png(xmp(o, "><tiff:Orientation>{}</tiff:Orientation></r")),
    "XMP with single quotes": lambda o: png(xmp(o, "tiff:Orientation='{}'")),
    "profile xmp": lambda o: png(raw_profile(b"xmp", b'<r tiff:Orientation="%d"/>' % o)),
    "TIFF": tiff,
    "TIFF, compressed": lambda o: tiff(o, compression="tiff_lzw"),
    "WebP": webp,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_picture_is_turned_wherever_its_file_says_so(place: str) -> None:
    """A page would be read on its side, or cut by the sizes of one that lies."""
    for orientation, turn in TURNS.items():
        blob = PLACES[place](orientation)
        expected = turn(STORED)
        found = decode(blob)
        assert found.shape == expected.shape, orientation
        assert np.array_equal(found, expected), orientation
        assert upright_size(blob) == expected.shape[::-1], orientation


def test_a_jpeg_is_turned_by_exif_or_xmp() -> None:
    """Photographs of telephones would lie on their side."""
    for orientation, turn in TURNS.items():
        file = io.BytesIO()
        Image.fromarray(STORED).save(file, "JPEG", quality=98, exif=exif(orientation))
        expected = turn(STORED).astype(int)
        assert np.abs(decode(file.getvalue()) - expected).mean() < 3, orientation
        assert upright_size(file.getvalue()) == expected.shape[::-1]
    file = io.BytesIO()
    Image.fromarray(STORED).save(file, "JPEG", xmp=b'<r tiff:Orientation="6"/>')
    assert decode(file.getvalue()).shape == (70, 40)


def test_odd_profiles_do_not_hinder() -> None:
    """A picture could not be read because of its metadata."""
    for odd in (b"", b"zz", b"Exif\0\0" + b"\xff" * 20):
        for kind in (b"exif", b"APP1", b"xmp"):
            assert np.array_equal(decode(png(raw_profile(kind, odd))), STORED)


@pytest.mark.parametrize(
    ("dpi", "shape"),
    [
        ((204, 98), (83, 70)),
        ((204, 391), (40, 134)),
        ((200, 200), (40, 70)),
        ((204, 196), (40, 70)),
        ((1, 900), (40, 70)),
    ],
)
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "JPEG", "BMP"])
def test_pixels_are_made_square(kind: str, dpi: tuple[int, int], shape: tuple[int, int]) -> None:
    """A fax would be read squeezed to half of its height."""
    file = io.BytesIO()
    Image.fromarray(STORED).save(file, kind, dpi=dpi)
    found = decode(file.getvalue())
    assert np.abs(np.subtract(found.shape, shape)).max() <= 1
    assert upright_size(file.getvalue()) == found.shape[::-1]
    assert abs(float(found.mean()) - STORED.mean()) < 3


def test_a_fax_that_lies_on_its_side_is_made_square_along_the_right_side() -> None:
    """It would be stretched twice in one direction."""
    for orientation in TURNS:
        blob = tiff(orientation, dpi=(204, 98))
        expected = (83, 70) if orientation < 5 else (70, 83)
        assert decode(blob).shape == expected, orientation
        assert upright_size(blob) == expected[::-1]


def test_an_aspect_ratio_without_a_unit_counts() -> None:
    """PNG states it in the chunk pHYs with the unit 0, TIFF with the resolution unit 1."""
    shape = chunk(b"pHYs", (2000).to_bytes(4, "big") + (1000).to_bytes(4, "big") + b"\0")
    assert decode(png(shape)).shape == (80, 70)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[282], tags[283], tags[296] = 2.0, 1.0, 1
    file = io.BytesIO()
    Image.fromarray(STORED).save(file, "TIFF", tiffinfo=tags)
    assert decode(file.getvalue()).shape == (80, 70)
