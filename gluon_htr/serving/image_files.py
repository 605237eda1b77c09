"""Images as strangers send them: what they are is seen from their content, and their size before they are decoded."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from ..errors import ImageError
from ..runtime.recognizer import Recognition, Recognizer

#: No format whose decoder calls other programs (EPS) or is hardly ever used, and so hardly ever tested.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
Outcome = Recognition | ImageError


def check_image(content: bytes, max_pixels: int) -> str:
    """Its format. Raises `ImageError` unless it is an accepted one, and the image has at most so many pixels."""
    if not content:
        raise ImageError("the image is empty")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            wide = image.mode == "F" or image.mode.startswith("I")
            kind = "JPEG" if image.format == "MPO" else str(image.format)  # some telephones add a preview
    except Image.UnidentifiedImageError:
        raise ImageError(f"the image is of no accepted format ({', '.join(FORMATS)}), or is broken") from None
    except Image.DecompressionBombError:
        raise ImageError(f"the image has more than {max_pixels:,} pixels: scale it down") from None
    except Exception as error:  # decoders raise whatever they like
        raise ImageError(f"the image is broken: {type(error).__name__}") from None
    max_pixels = max_pixels // 2 if wide else max_pixels  # they are computed with in 64 bits
    if width * height > max_pixels:
        raise ImageError(f"the image has {width} × {height} pixels; at most {max_pixels:,} are accepted: scale it down")
    return kind


def read_images(recognizer: Recognizer, contents: Sequence[bytes], batch_size: int, max_pixels: int) -> list[Outcome]:
    """What is read in each of these files, in their order, or why nothing is."""
    outcomes: dict[int, Outcome] = {}  # by identity: two requests may bring the same image

    def failed(content: object, error: ImageError) -> None:
        outcomes[id(content)] = error

    accepted = []
    for content in contents:
        try:
            check_image(content, max_pixels)
            accepted.append(content)
        except ImageError as error:
            failed(content, error)
    for source, recognition in recognizer.stream(accepted, batch_size, failed):
        outcomes[id(source)] = recognition
    return [outcomes[id(content)] for content in contents]
