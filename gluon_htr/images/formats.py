"""The formats of pictures that are read, told apart by content. No other decoder of Pillow is ever asked.

Left out are formats whose decoder starts another program (PostScript) or is so rare that it is little tested.
"""

from __future__ import annotations

import io
from importlib import import_module

from PIL import Image

from ..errors import ImageError
from .cost import MAX_PIXELS, check_decoding, check_structure

#: Beginning of a file → Pillow's name of the format, and its module.
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": ("PNG", "PngImagePlugin"),
    b"\xff\xd8\xff": ("JPEG", "JpegImagePlugin"),
    b"II*\0": ("TIFF", "TiffImagePlugin"),
    b"MM\0*": ("TIFF", "TiffImagePlugin"),
    b"II+\0": ("TIFF", "TiffImagePlugin"),
    b"MM\0+": ("TIFF", "TiffImagePlugin"),
    b"BM": ("BMP", "BmpImagePlugin"),
    b"GIF87a": ("GIF", "GifImagePlugin"),
    b"GIF89a": ("GIF", "GifImagePlugin"),
    b"\0\0\0\x0cjP  \r\n\x87\n": ("JPEG2000", "Jpeg2KImagePlugin"),
    b"\xff\x4f\xff\x51": ("JPEG2000", "Jpeg2KImagePlugin"),
}
_PNM = b"123456f"  # after a P: http://netpbm.sourceforge.net/doc/
#: Brands of ISO base media files (ISO/IEC 23008-12) that are HEIC or HEIF images.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
NAMES = "PNG, JPEG, TIFF, WebP, BMP, GIF, JPEG 2000, PNM, AVIF, HEIC"
EXTRA = "pip install 'gluon-htr[pages]'"


def is_pdf(blob: bytes) -> bool:
    """Test for a PDF, which may begin after some other bytes."""
    return b"%PDF-" in blob[:1024]


def identify(blob: bytes) -> str | None:
    """Return Pillow's name of the format of a file, None if it is not accepted."""
    found = _known(blob)
    return found[0] if found else None


def open_image(blob: bytes, name: str) -> Image.Image:
    """Open a picture without decoding it. Raises `ImageError` if it is not accepted, broken, or costs too much."""
    if not blob:
        raise ImageError(f"{name} is empty")
    found = _known(blob)
    if found is None:
        raise ImageError(f"{name} {_refusal(blob)}")
    form, module = found
    check_structure(blob, form, name)
    try:
        if form == "HEIF":
            _register_heif(name)
        else:
            import_module(f"PIL.{module}")
        image = Image.open(io.BytesIO(blob), formats=[form])
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(f"{name} has too many pixels; at most {MAX_PIXELS:,} are accepted: scale it down") from None
    except Image.UnidentifiedImageError:
        if form == "HEIF":
            raise ImageError(f"{name} is a HEIC photograph that cannot be decoded: save it as JPEG") from None
        raise ImageError(f"{name} is not an image: it begins like {form}, but the rest is damaged or missing") from None
    except Exception as error:  # decoders raise whatever they like: struct.error, SyntaxError, OSError, ValueError …
        raise broken(name, error) from None
    check_decoding(image, blob, form, name)
    return image


def broken(name: str, error: Exception) -> ImageError:
    """Return the error for a picture whose decoder has failed."""
    return ImageError(f"{name} is broken: {' '.join(str(error).split())[:120] or type(error).__name__}")


def _known(blob: bytes) -> tuple[str, str] | None:
    for start, found in _SIGNATURES.items():
        if blob.startswith(start):
            return found
    if blob[:4] == b"RIFF" and blob[8:12] == b"WEBP":
        return "WEBP", "WebPImagePlugin"
    if blob[:1] == b"P" and blob[1:2] in _PNM and len(blob) > 2:
        return "PPM", "PpmImagePlugin"
    if brands := _brands(blob):
        if brands & _AVIF_BRANDS:
            return "AVIF", "AvifImagePlugin"
        if brands & _HEIF_BRANDS:
            return "HEIF", ""
    return None


def _brands(blob: bytes) -> set[bytes]:
    """Return the brands that the first box of an ISO base media file names (ISO/IEC 14496-12, section 4.3)."""
    if blob[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(blob[:4], "big"), 256)
    return {blob[8:12], *(blob[at : at + 4] for at in range(16, end, 4))}


def _refusal(blob: bytes) -> str:
    head = blob[:1024].lstrip().lower()
    if head.startswith(b"%!ps") or blob.startswith(b"\xc5\xd0\xd3\xc6"):
        return "is PostScript (EPS), which only another program could draw: save it as PNG"
    if is_pdf(blob):
        return "is a PDF: read its pages with gluon-htr read, or save the page as PNG"
    if head.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        return "is a text with markup (SVG, HTML …), not a picture: save it as PNG"
    return f"is not an image in an accepted format ({NAMES})"


def _register_heif(name: str) -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise ImageError(
            f"{name} is a HEIC photograph, which needs pillow-heif: {EXTRA}, or save it as JPEG (iPhone: Settings, "
            "Camera, Formats, Most Compatible)"
        ) from None
    register_heif_opener()
