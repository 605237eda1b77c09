"""Plug-in for OCRmyPDF: `ocrmypdf --plugin gluon_htr.ocrmypdf scan.pdf out.pdf` adds the text of handwriting to a PDF.

OCRmyPDF renders the pages, reads several at once in processes of its own, and puts the text behind the image
(https://ocrmypdf.readthedocs.io/en/latest/plugins.html). Options: `--htr-model`, `--htr-layout`.
"""

from __future__ import annotations

import argparse
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from ocrmypdf import OcrEngine, OrientationConfidence, hookimpl
from ocrmypdf.builtin_plugins import tesseract_ocr
from ocrmypdf.exceptions import BadArgsError

from . import __version__
from .pages.document import Document
from .pages.formats.registry import FORMATS
from .runtime.loading_pages import load_reader
from .runtime.page_reader import PageReader


class HandwritingEngine(OcrEngine):
    """Reads page images with the models of gluon_htr. The methods are those that OCRmyPDF asks for."""

    @staticmethod
    def version() -> str:
        """Return the version of gluon_htr."""
        return __version__

    @staticmethod
    def creator_tag(options: Any) -> str:
        """Name the program in the metadata of the PDF."""
        return f"gluon_htr {__version__}"

    def __str__(self) -> str:
        return f"gluon_htr {__version__}"

    @staticmethod
    def languages(options: Any) -> set[str]:
        """Return the languages that were asked for: a model reads all languages of its script."""
        return set(options.languages)

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """Return no turn: pages that lie on their side are read as they are."""
        return OrientationConfidence(angle=0, confidence=0.0)

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        """Read a page. Writes hOCR and the plain text."""
        page = _reader(options.htr_model, options.htr_layout).read(input_file).pages[0]
        hocr = FORMATS["hocr"].encode
        assert hocr is not None, "a format of text"
        output_hocr.write_bytes(hocr(page))
        output_text.write_text(Document(page.source, (page,)).text, encoding="utf-8")

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Refuse: OCRmyPDF makes the PDF from hOCR, unless it is told to use `sandwich`."""
        raise BadArgsError("gluon_htr gives hOCR: leave out --pdf-renderer sandwich")


@lru_cache(maxsize=1)
def _reader(model: str | None, layout: str | None) -> PageReader:
    """Load the models once in each process. OCRmyPDF uses all cores for pages, so that one thread is enough."""
    return load_reader(model, layout, threads=1)


@hookimpl
def initialize(plugin_manager: Any) -> None:
    """Make Tesseract optional: OCRmyPDF's own plug-in ends the program where it is not installed.

    Its options stay, because OCRmyPDF looks at them.
    """
    if not _has_tesseract():
        plugin_manager.set_blocked(tesseract_ocr.__name__)


@hookimpl
def register_options() -> dict[str, Any]:
    """Declare the options of the plug-in that is blocked."""
    return {} if _has_tesseract() else dict(tesseract_ocr.register_options())


@hookimpl
def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the models."""
    if not _has_tesseract():
        tesseract_ocr.add_options(parser)
    group = parser.add_argument_group("Handwriting", "Models of gluon_htr")
    group.add_argument("--htr-model", metavar="MODEL", help="model that reads: a name, a bundle or a run")
    group.add_argument("--htr-layout", metavar="MODEL", help="model that finds lines")


@hookimpl
def get_ocr_engine(options: Any) -> OcrEngine | None:
    """Return the engine, unless another was chosen with `--ocr-engine`."""
    chosen = getattr(options, "ocr_engine", "auto") if options is not None else "auto"
    return HandwritingEngine() if chosen in ("auto", "gluon_htr") else None


def _has_tesseract() -> bool:
    return shutil.which("tesseract") is not None
