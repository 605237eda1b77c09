"""Image files from clients, with a recognizer whose network is fake: it reads the width of an image."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters import draw, encoded
from PIL import Image

from gluon_htr.errors import ImageError
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.runtime.recognition import Recognition
from gluon_htr.runtime.recognizer import Recognizer
from gluon_htr.serving.image_files import FORMATS, check_image, read_images
from gluon_htr.text.alphabet import Alphabet

LETTER = {32: "a", 64: "b", 96: "c"}  # what the network reads in an image of that width
WORD = encoded(draw("decade"))


def framed_image(width: int) -> bytes:
    """A box with ink at its edges, so that nothing is cut off."""
    pixels = np.full((16, width), 255, np.uint8)
    pixels[:, [0, 1, -2, -1]] = pixels[[0, 1, -2, -1]] = 0
    return encoded(Image.fromarray(pixels))


def test_a_batch_is_split_by_width_and_answered_in_order() -> None:
    """The text of an image would depend on its neighbors, or go to another request."""
    shapes: list[tuple[int, ...]] = []

    def network(pixels: np.ndarray) -> np.ndarray:
        shapes.append(pixels.shape)
        logits = np.zeros((len(pixels), pixels.shape[2] // 8, 4), np.float32)
        logits[:, :, "abc".index(LETTER.get(pixels.shape[2], "a"))] = 10
        return logits

    recognizer = Recognizer(network, Alphabet("abc"), Preprocessing("height", 16, 512), "widths")
    widths = [96, 32, 96, 64, 32, 96]
    contents = [framed_image(width) for width in widths]
    contents.insert(2, b"no image")
    outcomes = read_images(recognizer, contents, batch_size=16, max_pixels=10_000)
    assert isinstance(outcomes.pop(2), ImageError)
    texts = [outcome.text for outcome in outcomes if isinstance(outcome, Recognition)]
    assert texts == [LETTER[width] for width in widths]
    assert sorted((shape[2], shape[0]) for shape in shapes if shape[2] in LETTER) == [(32, 2), (64, 1), (96, 3)]


@pytest.mark.parametrize("kind", FORMATS)
def test_accepted_formats_are_recognized(kind: str) -> None:
    """A format that the documentation names would be rejected."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    assert check_image(encoded(draw("abc"), kind), 10_000) == kind


def test_the_limit_of_pixels_holds_exactly_and_twice_for_deep_images() -> None:
    """An image could take twice the memory that the operator has allowed."""
    check_image(encoded(Image.new("L", (100, 100))), 10_000)
    check_image(encoded(Image.new("I;16", (50, 100))), 10_000)
    for image in (Image.new("L", (100, 101)), Image.new("I;16", (50, 101))):
        with pytest.raises(ImageError, match="pixels"):
            check_image(encoded(image), 10_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_image_or_an_image_error(content: bytes) -> None:
    """A few odd bytes would be an error of the server's own."""
    with pytest.raises(ImageError):
        check_image(content, 10_000)


@given(st.integers(0, len(WORD) - 1), st.binary(min_size=1, max_size=8), st.integers(0, len(WORD)))
def test_a_damaged_file_is_an_image_or_an_image_error(position: int, change: bytes, length: int) -> None:
    """A damaged upload would be an error of the server's own."""
    damaged = (WORD[:position] + change + WORD[position + len(change) :])[:length]
    with contextlib.suppress(ImageError):
        assert check_image(damaged, 10_000) in FORMATS


@pytest.mark.parametrize("head", [b"\xff\x4f\xff\x51", b"P5 9 9 255\n", b"\0\0\0\x1cftypavif"])
def test_decoders_of_other_formats_never_see_what_clients_send(head: bytes) -> None:
    """Every decoder is one more that can be attacked."""
    with pytest.raises(ImageError, match="not in an accepted format"):
        check_image(head + bytes(100), 10_000)
