"""A line of IAM-OnDB, `WhiteboardCaptureSession/StrokeSet/Stroke/Point`, as arrays."""

from __future__ import annotations

from xml.parsers import expat

import numpy as np

from ..._xml import parse_xml
from ...errors import AnnotationError

#: One array a stroke, (n, 3) float32: x to the right and y downward in the whiteboard's units, seconds since the line
#: began (the clock's own have more digits than float32). The clock stumbles: in 33 of 8,328 lines it runs backward.
TimedStrokes = list[np.ndarray]
MAX_COORDINATE = 1e6  # units: a whiteboard has some ten thousand


def parse_strokes(blob: bytes) -> TimedStrokes:
    """Parse the strokes of a line's XML, without those that have no point.

    Raises `AnnotationError` if it is not well-formed, declares entities, has no points or impossible ones.
    """
    points: list[list[tuple[float, float, float]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "Stroke":
            points.append([])
        elif name == "Point" and points:
            points[-1].append((float(attributes["x"]), float(attributes["y"]), float(attributes.get("time", 0))))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parse_xml(parser, blob)
    return _checked([np.array(stroke) for stroke in points if stroke])


def _checked(strokes: list[np.ndarray]) -> TimedStrokes:
    if not strokes:
        raise AnnotationError("has no strokes")
    for stroke in strokes:
        if not np.isfinite(stroke).all() or np.abs(stroke[:, :2]).max() > MAX_COORDINATE:
            raise AnnotationError("has points beyond any whiteboard")
    start = np.array([0, 0, strokes[0][0, 2]])
    return [(stroke - start).astype(np.float32) for stroke in strokes]
