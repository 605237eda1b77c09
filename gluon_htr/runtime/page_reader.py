"""Reading of whole pages: find the lines, straighten them, read them, and put them in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .._text_files import printable
from ..errors import AnnotationError, ImageError
from ..images.decoding import ImageLike
from ..images.polarity import dark_on_light
from ..pages.annotations import parse_points, pixels_per_unit
from ..pages.crops import Frame, cut_straight
from ..pages.detection.lines import FoundLine
from ..pages.document import Document, Line, Page, Point, Region, moved
from ..pages.outlines import LineGeometry, found_bands, outlines
from ..pages.reading_order import ordered_groups
from ..pages.segmentation import read_segmentation
from ..pages.sources import PageSource
from ..pages.turns import Turn
from .detector import Detector
from .orientation import upright
from .page_lines import document_line
from .recognizer import Recognizer

BATCH = 16  # lines
SINGLE_LINE = 6.0  # times as wide as high: such an image is one line


@dataclass(frozen=True)
class PageFailure:
    """A page that could not be read: its number, counted from 1, and why."""

    number: int
    error: ImageError


class PageReader:
    """A detector of lines and a recognizer of them. Threads may share it: it holds no state.

    Args:
        detector: Finds the lines of a page.
        recognizer: Reads a line.

    Example:
        >>> import gluon_htr
        >>> document = gluon_htr.load_reader().read("examples/page.jpg")
        >>> len(document.lines) > 1
        True
    """

    def __init__(self, detector: Detector, recognizer: Recognizer) -> None:
        self.detector, self.recognizer = detector, recognizer

    def read(self, source: ImageLike) -> Document:
        """Read all pages of a file.

        Args:
            source: A path, the bytes of a file, an array or a Pillow image: an image, a TIFF with several pages, a PDF.

        Returns:
            The document. A blank page has no regions.

        Raises:
            ImageError: The file, or one of its pages, cannot be decoded.
            MissingToolError: A package for its format is not installed.
        """
        with PageSource(source) as pages:
            name = pages.name
            read = [self._or_raise(page) for page in self._stream(pages)]
        return Document(_base(name), tuple(read))

    def stream(self, source: ImageLike) -> Iterator[tuple[Page, np.ndarray] | PageFailure]:
        """Read a file page by page, in bounded memory.

        Args:
            source: As for `read`.

        Yields:
            Each page with its image (H, W) uint8, or its failure.

        Raises:
            ImageError: The file cannot be opened at all.
            MissingToolError: A package for its format is not installed.
        """
        with PageSource(source) as pages:
            yield from self._stream(pages)

    def read_page(self, pixels: np.ndarray, source: str = "image", number: int = 1) -> Page:
        """Read one page that is decoded already.

        Args:
            pixels: (H, W) uint8, 0 = black ink.
            source: Name of its file.
            number: Number of the page in it.

        Returns:
            The page.
        """
        page, turn, found = self._found(pixels)
        return self._page(pixels, turn, self._lines(page, found), source, number)

    def cut_lines(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Find the lines of one page that is decoded already, without reading them.

        Args:
            pixels: (H, W) uint8, 0 = black ink.

        Returns:
            Images (h, w) uint8 of the lines, upright and straight, in no order.
        """
        page, _, found = self._found(pixels)
        return [crop for *_, crop in _cut(page, found)]

    def read_segmented(self, source: ImageLike, segmentation: bytes) -> dict[str, Line]:
        """Read the lines that a PAGE or ALTO file gives.

        Args:
            source: The page, as for `read`; it must be a single one.
            segmentation: The content of the file.

        Returns:
            Lines by their ids in the file, with points in its unit; lines without a place are left out.

        Raises:
            AnnotationError: The file is neither PAGE nor ALTO, is broken, or is not that of this page.
            ImageError: The page cannot be decoded.
        """
        annotated = read_segmentation(segmentation)
        with PageSource(source) as pages:
            if pages.count > 1:
                raise ImageError(f"{pages.name} has {pages.count} pages: a segmentation is that of one page")
            page = next(iter(pages))
        if page.pixels is None:
            raise page.error or ImageError("cannot be decoded")
        pixels = dark_on_light(page.pixels)
        size = (pixels.shape[1], pixels.shape[0])
        scale = pixels_per_unit(annotated, size)

        def in_units(points: tuple[Point, ...]) -> tuple[Point, ...]:
            return tuple((x / scale[0], y / scale[1]) for x, y in points)

        named: list[tuple[str, FoundLine]] = []
        cropped: list[tuple[np.ndarray, Frame]] = []
        for line, outline in zip(annotated.lines, outlines(annotated.lines, scale, size)):
            if not isinstance(outline, AnnotationError):
                baseline = parse_points(line.baseline) * scale
                named.append((line.id, FoundLine(outline.polygon, baseline, 1.0)))
                cropped.append(cut_straight(pixels, outline, baseline))
        read = [
            recognition for _, recognition in self.recognizer.stream([crop for crop, _ in cropped], BATCH, warns=False)
        ]
        calibrated = self.recognizer.gives_probabilities
        return {
            name: moved(document_line(name, recognition, frame, line, calibrated), in_units)
            for (name, line), recognition, (_, frame) in zip(named, read, cropped)
        }

    def _stream(self, pages: PageSource) -> Iterator[tuple[Page, np.ndarray] | PageFailure]:
        for page in pages:
            if page.pixels is None:
                assert page.error is not None
                yield PageFailure(page.number, page.error)
            else:
                yield self.read_page(page.pixels, _base(pages.name), page.number), page.pixels

    @staticmethod
    def _or_raise(result: tuple[Page, np.ndarray] | PageFailure) -> Page:
        if isinstance(result, PageFailure):
            raise result.error
        return result[0]

    def _found(self, pixels: np.ndarray) -> tuple[np.ndarray, Turn, list[FoundLine]]:
        """Return a page upright, dark on light, how it was turned, and its lines; a low and wide image is one line."""
        page = dark_on_light(pixels)
        if page.shape[1] > SINGLE_LINE * page.shape[0]:
            return page, Turn(0, page.shape[1], page.shape[0]), [_whole(page)]
        turn, found = upright(page, self.detector, self.recognizer)
        return turn.turned(page), turn, found

    def _lines(self, page: np.ndarray, found: Sequence[FoundLine]) -> list[tuple[Line, np.ndarray]]:
        """Read the found lines of an upright page, with the box (4,) of each on it."""
        cut = _cut(page, found)
        read = [
            recognition for _, recognition in self.recognizer.stream([crop for *_, crop in cut], BATCH, warns=False)
        ]
        calibrated = self.recognizer.gives_probabilities
        return [
            (document_line(f"line_{k}", recognition, frame, line, calibrated), _box(line.polygon))
            for k, (recognition, (line, frame, _)) in enumerate(zip(read, cut), 1)
        ]

    def _page(
        self, pixels: np.ndarray, turn: Turn, lines: list[tuple[Line, np.ndarray]], source: str, number: int
    ) -> Page:
        boxes = np.array([box for _, box in lines]).reshape(-1, 4)
        regions = []
        for place, group in enumerate(ordered_groups(boxes), 1):
            members = tuple(turn.line_back(lines[k][0]) for k in group.lines)
            regions.append(Region(f"region_{place}", group.kind, turn.box_back(boxes[list(group.lines)]), members))
        height, width = pixels.shape
        return Page(source, number, width, height, turn.orientation, tuple(regions), self.recognizer.name)


def _cut(page: np.ndarray, found: Sequence[FoundLine]) -> list[tuple[FoundLine, Frame, np.ndarray]]:
    """Cut the found lines out of an upright page; lines without an outline are left out."""
    size = (page.shape[1], page.shape[0])
    geometries = [LineGeometry(line.polygon, line.baseline) for line in found]
    cut = []
    for line, outline in zip(found, found_bands(geometries, size)):
        if not isinstance(outline, AnnotationError):
            crop, frame = cut_straight(page, outline, line.baseline)
            cut.append((line, frame, crop))
    return cut


def _whole(page: np.ndarray) -> FoundLine:
    """Return the whole image as a line, with its baseline at three quarters of its height."""
    height, width = page.shape
    polygon = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    return FoundLine(polygon, np.array([(0, 0.75 * height), (width, 0.75 * height)]), 1.0)


def _box(polygon: np.ndarray) -> np.ndarray:
    return np.concatenate([polygon.min(axis=0), polygon.max(axis=0)])


def _base(name: str) -> str:
    return printable(name.replace("\\", "/").rpartition("/")[2])
