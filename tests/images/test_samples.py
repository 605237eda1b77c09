"""Gray levels come out right whatever number of bits, scale or type they are stored in."""

from __future__ import annotations

import io

import numpy as np
import pytest
from letters import encoded
from PIL import Image, TiffImagePlugin

from gluon_htr.errors import ImageError
from gluon_htr.images.decoding import decode

GRAY = np.linspace(0, 255, 60 * 80).reshape(60, 80).astype(np.uint8)


def deep(bits: int) -> np.ndarray:
    """The same picture with samples of so many bits."""
    return np.round(GRAY * ((2**bits - 1) / 255)).astype(np.uint16)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "array"])
def test_bits_that_are_used_decide(bits: int, kind: str) -> None:
    """A scan of 10 or 12 bits would come out almost black, with 4 or 16 gray levels left."""
    samples = deep(bits)
    source = samples if kind == "array" else encoded(Image.fromarray(samples), kind)
    assert np.abs(decode(source).astype(int) - GRAY).max() <= 1


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_one_dead_pixel_does_not_decide(bits: int) -> None:
    """A single bright pixel would turn the page black."""
    samples = deep(bits)
    samples[7, 7] = 65535
    gray = decode(encoded(Image.fromarray(samples), "PNG"))
    assert gray[7, 7] == 255
    assert np.abs(gray[20:].astype(int) - GRAY[20:]).max() <= 1


def test_a_dark_scan_of_a_file_that_tells_its_white_is_not_brightened() -> None:
    """What the file says would be ignored."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[281] = 4095
    tags.tagtype[281] = 3
    samples = np.full((40, 40), 1000, np.uint16)
    assert decode(encoded(Image.fromarray(samples), "TIFF", tiffinfo=tags))[0, 0] == round(1000 / 4095 * 255)


@pytest.mark.parametrize("bits", [12, 16])
def test_white_may_be_zero_in_16_bits_too(bits: int) -> None:
    """Scans with inverted samples would be read as negatives."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[262] = 0
    samples = np.round((255 - GRAY) * ((2**bits - 1) / 255)).astype(np.uint16)
    blob = bytearray(encoded(Image.fromarray(samples), "TIFF", tiffinfo=tags))
    with Image.open(io.BytesIO(bytes(blob))) as image:
        assert image.tag_v2[262] == 0
    assert np.abs(decode(bytes(blob)).astype(int) - GRAY).max() <= 1


@pytest.mark.parametrize(
    "array",
    [
        GRAY.astype(np.float32),
        GRAY.astype(np.float16),
        GRAY / 255,
        (GRAY / 255).astype(np.float16),
        GRAY.astype(np.float64) * 257,
        GRAY.astype(np.int64),
        GRAY.astype(np.uint32),
        GRAY.astype(np.int16),
        np.dstack([GRAY.astype(np.float32)] * 3),
        np.dstack([GRAY / 255] * 3),
    ],
    ids=["0..255", "half", "0..1", "half 0..1", "0..65535", "int64", "uint32", "int16", "color", "color 0..1"],
)
def test_arrays_of_any_type_are_the_same_picture(array: np.ndarray) -> None:
    """A picture after `astype("float32")` would be read as blank, with a confidence of 1."""
    assert np.abs(decode(array).astype(int) - GRAY).max() <= 1


def test_signed_bytes_of_a_mask_are_read() -> None:
    """`mask.astype("int8")` ended in an OverflowError with numpy 2."""
    assert decode(np.array([[0, 1], [1, 0]], np.int8)).tolist() == decode(np.array([[0, 1], [1, 0]], np.uint8)).tolist()


def test_what_interpolation_overshoots_is_cut_off() -> None:
    """Bicubic resizing leaves a few values beyond both ends."""
    array = GRAY.astype(np.float32)
    array[0, :3] = (-9, 262, 3)
    assert decode(array)[0, :3].tolist() == [0, 255, 3]
    assert decode(array / 255)[0, :3].tolist() == [0, 255, 3]


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_no_gray(missing: float) -> None:
    """Missing data would be black, or a warning."""
    array = (GRAY / 255).astype(np.float16)
    array[3, 3] = missing
    gray = decode(array)
    assert gray[3, 3] == (0 if missing == -np.inf else 255)
    assert np.abs(gray[10:].astype(int) - GRAY[10:]).max() <= 1


@pytest.mark.parametrize(
    "array",
    [
        (GRAY - GRAY.mean()) / GRAY.std(),
        GRAY / 127.5 - 1,
        (GRAY.astype(np.float32) / 255 - 0.1) * 8,
        GRAY.astype(np.int32) - 128,
    ],
    ids=["standardized", "-1..1", "few levels", "signed"],
)
def test_other_scales_are_refused_with_their_range(array: np.ndarray) -> None:
    """An array prepared for some other network would be read as nonsense, with confidence."""
    with pytest.raises(ImageError, match=rf"from {array.min():.4g} to {array.max():.4g}"):
        decode(array)


def test_a_thresholded_array_of_zeros_and_ones_is_black_and_white() -> None:
    """It would be all black."""
    mask = (GRAY > 127).astype(np.uint8)
    assert np.array_equal(decode(mask), mask * 255)
    assert not decode(np.zeros((20, 20), np.uint8)).any()


def test_a_float_tiff_is_read_like_an_array() -> None:
    """Files of scientific software would be blank."""
    assert np.abs(decode(encoded(Image.fromarray(GRAY.astype(np.float32)), "TIFF")).astype(int) - GRAY).max() <= 1
    with pytest.raises(ImageError, match=r"from -1 to 1"):
        decode(encoded(Image.fromarray((GRAY / 127.5 - 1).astype(np.float32)), "TIFF"))


def test_a_large_picture_is_converted_as_a_small_one_is() -> None:
    """Strips would differ from the whole, or shift against each other."""
    tall = np.tile(deep(12), (120, 8))
    blob = encoded(Image.fromarray(tall), "TIFF")
    assert np.abs(decode(blob).astype(int) - np.tile(GRAY, (120, 8))).max() <= 1
    color = Image.merge("RGB", [Image.fromarray(np.tile(GRAY, (120, 8)))] * 3)
    assert np.array_equal(decode(encoded(color, "BMP")), np.tile(GRAY, (120, 8)))
