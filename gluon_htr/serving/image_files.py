"""Image files from clients: the content decides on the format, and the size is checked before decoding."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ImageError
from ..images.cost import decoding_seconds
from ..images.formats import identify, open_image
from ..runtime.recognition import Recognition
from ..runtime.recognizer import Recognizer
from .request_errors import RequestRejected

#: Accepted formats: those that browsers, scanners and phones send. HEIF needs pillow-heif, of the extra `pages`.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "HEIF")
MAX_DECODING = 3.0  # seconds of one core for all images of a request
Outcome = Recognition | ImageError


@dataclass(frozen=True, eq=False)
class LineImage:
    """An image file of a client. n_best: number of texts that it asks for; None for as many as the server gives."""

    content: bytes
    n_best: int | None = None


def check_image(content: bytes, max_pixels: int) -> str:
    """Check format and size of an image file without decoding it. Return the format, or raise `ImageError`."""
    if (format_name := identify(content)) and format_name not in FORMATS:  # its decoder never sees it
        raise _not_accepted()
    try:
        with open_image(content, "the image") as image:
            width, height = image.size
            is_deep = image.mode == "F" or image.mode.startswith("I")
    except ImageError as error:
        if " is not an image" in str(error):
            raise _not_accepted() from None
        raise
    assert format_name is not None, "open_image refuses what it does not know"
    max_pixels = max_pixels // 2 if is_deep else max_pixels  # more than 8 bits take twice the memory
    if width * height > max_pixels:
        raise ImageError(f"the image has {width} × {height} pixels; the limit is {max_pixels:,}: scale it down")
    return format_name


def check_work(contents: Sequence[bytes]) -> None:
    """Raise `RequestRejected` if the images of one request take too long to decode together.

    A thread that decodes cannot be stopped: all other clients would wait for it. Each image has bounds of its own.
    """
    seconds = 0.0
    for content in contents:
        with contextlib.suppress(ImageError), open_image(content, "the image") as image:
            seconds += decoding_seconds(image, content, identify(content) or "")
        if seconds > MAX_DECODING:
            message = "the images of this request are too large together: send fewer, or scale them down"
            raise RequestRejected(413, message)


def _not_accepted() -> ImageError:
    return ImageError(f"the image is not in an accepted format ({', '.join(FORMATS)}), or is corrupt")


def read_lines(recognizer: Recognizer, images: Sequence[LineImage], batch_size: int, max_pixels: int) -> list[Outcome]:
    """Read images of which some may ask for several texts. Return one recognition or error for each, in their order."""
    outcomes: dict[LineImage, Outcome] = {}
    for n_best in dict.fromkeys(image.n_best for image in images):
        reader = recognizer if n_best is None else recognizer.with_n_best(n_best)
        own = [image for image in images if image.n_best == n_best]
        outcomes.update(zip(own, read_images(reader, [image.content for image in own], batch_size, max_pixels)))
    return [outcomes[image] for image in images]


def read_images(recognizer: Recognizer, contents: Sequence[bytes], batch_size: int, max_pixels: int) -> list[Outcome]:
    """Read image files. Return one recognition or error for each, in their order."""
    outcomes: dict[int, Outcome] = {}  # by identity: two requests may send equal images

    def note_failure(content: object, error: ImageError) -> None:
        outcomes[id(content)] = error

    accepted = []
    for content in contents:
        try:
            check_image(content, max_pixels)
            accepted.append(content)
        except ImageError as error:
            note_failure(content, error)
    for source, recognition in recognizer.stream(accepted, batch_size, note_failure):
        outcomes[id(source)] = recognition
    return [outcomes[id(content)] for content in contents]
