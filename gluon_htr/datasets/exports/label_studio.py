"""Exports of Label Studio in its format JSON (https://labelstud.io/guide/task_format): tasks with their annotations.

A region is a rectangle or a polygon in percent of the image, and the text of the textarea with the same id. JSON-MIN
does not say which text belongs to which region.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..._json import decode_json, decoder
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ...pages.annotations import AnnotatedLine
from ..listing.rows import read_text
from ..sample import Problem
from .record import EMPTY, NONE, Points, Record, line

IMAGE_KEYS = ("image", "ocr", "img", "url", "page")  # of a task's data, where several name images
BASELINE = 0.75  # of a rectangle's height: where the baseline of a turned one is assumed


class _Value(msgspec.Struct, frozen=True):
    """Percent of the image's width and height; degrees clockwise about the upper left corner."""

    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    rotation: float | None = 0.0
    points: tuple[tuple[float, float], ...] = ()
    text: str | tuple[str, ...] = ()
    rectanglelabels: tuple[str, ...] = ()
    polygonlabels: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def has_place(self) -> bool:
        return bool(self.points or (self.width and self.height))

    @property
    def all_labels(self) -> tuple[str, ...]:
        return self.rectanglelabels + self.polygonlabels + self.labels

    @property
    def whole_text(self) -> str:
        return self.text if isinstance(self.text, str) else "\n".join(self.text)


class _Result(msgspec.Struct, frozen=True):
    value: _Value = _Value()
    id: str = ""
    type: str = ""
    original_width: float | None = None
    original_height: float | None = None
    image_rotation: float | None = 0

    @property
    def size(self) -> tuple[float, float] | None:
        return (self.original_width, self.original_height) if self.original_width and self.original_height else None


class _Annotation(msgspec.Struct, frozen=True):
    result: tuple[_Result, ...] = ()
    was_cancelled: bool | None = False
    ground_truth: bool | None = False
    updated_at: str | float | None = ""


class _Task(msgspec.Struct, frozen=True):
    data: dict[str, Any]
    annotations: tuple[_Annotation, ...] | None = None
    completions: tuple[_Annotation, ...] | None = None  # their name before version 1.0


def read_label_studio(file: Path, label: str, problems: list[Problem]) -> Iterator[Record]:
    """Yield the pages of a file; tasks that cannot be read are added to `problems`.

    label: of the regions to take; empty for all. Raises `AnnotationError` if the file is not an export in JSON.
    """
    where = f"{file} is not an export in JSON"
    tasks = decode_json(read_text(file).encode(), list[msgspec.Raw], where, AnnotationError)
    for number, blob in enumerate(tasks, 1):
        try:
            task = decoder(_Task).decode(blob)
            yield _record(number, task, label)
        except (msgspec.MsgspecError, RecursionError) as error:
            why = f"is not a task of Label Studio in its format JSON (JSON-MIN cannot be used): {error}"
            problems.append(Problem(f"{file.name}:{number}", why))
        except AnnotationError as error:
            problems.append(Problem(f"{file.name}:{number}", str(error)))


def _record(number: int, task: _Task, label: str) -> Record:
    address = _address(task.data)
    done = [each for each in task.annotations or task.completions or () if not each.was_cancelled]
    if not done:
        return Record(number, address, fault=NONE)
    results = _chosen(done).result
    regions: dict[str, list[_Result]] = {}
    for place, result in enumerate(results):
        regions.setdefault(result.id or f"#{place}", []).append(result)
    wanted = [region for region in map(_Region, regions.values()) if region.is_mark and region.is_labeled(label)]
    if not wanted:
        return Record(number, address, fault=f"has nothing labeled {label}" if results and label else EMPTY)
    if any(result.image_rotation for result in results):
        return Record(number, address, fault="was annotated on a turned image: turn its file, and annotate that")
    lines, faults = [], []
    for place, region in enumerate(wanted, 1):
        try:
            lines.append(region.line(place))
        except AnnotationError as error:
            faults.append((place, str(error)))
    size = next((result.size for result in results if result.size), None)
    return Record(number, address, tuple(lines), size, faults=tuple(faults))


def _chosen(annotations: Sequence[_Annotation]) -> _Annotation:
    """Return what counts as true, or else what was changed last: several people may have annotated a page."""
    ranked = ((bool(each.ground_truth), str(each.updated_at or ""), k) for k, each in enumerate(annotations))
    return annotations[max(ranked)[2]]


class _Region:
    """The results with the same id: a place, its labels, its text."""

    def __init__(self, results: Sequence[_Result]) -> None:
        self._results = results
        self._place = next((result for result in results if result.value.has_place), None)
        self._text = "\n".join(result.value.whole_text for result in results if result.value.text)

    @property
    def is_mark(self) -> bool:
        """It is something on the page, not a choice or a rating of all of it."""
        return bool(self._place or self._text or any(result.original_width for result in self._results))

    def is_labeled(self, label: str) -> bool:
        return not label or any(label in result.value.all_labels for result in self._results)

    def line(self, number: int) -> AnnotatedLine:
        """Return the line. Raises `AnnotationError`."""
        if self._place is None:
            kind = self._results[0].type
            what = "is a text without a rectangle" if self._text else f"is neither a rectangle nor a polygon: {kind}"
            raise AnnotationError(what)
        value, size = self._place.value, self._place.size
        if value.points:
            return line(number, [(x / 100, y / 100) for x, y in value.points], self._text)
        corners, baseline = _turned(value, size)
        return line(number, corners, self._text, baseline)


def _turned(value: _Value, size: tuple[float, float] | None) -> tuple[Points, Points]:
    """Return the corners of a rectangle, and the baseline of one that is turned, in proportions of the page."""
    degrees = value.rotation or 0.0
    if degrees and size is None:
        raise AnnotationError("is turned, and the size of its image is not given")
    width, height = size or (1.0, 1.0)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def point(across: float, down: float) -> tuple[float, float]:
        """Return a point by its place in the rectangle, (0, 0) to (1, 1): turning needs square pixels."""
        right, below = across * value.width * width, down * value.height * height
        x, y = right * cosine - below * sine, right * sine + below * cosine
        return (value.x + x / width) / 100, (value.y + y / height) / 100

    corners = [point(*corner) for corner in ((0, 0), (1, 0), (1, 1), (0, 1))]
    return corners, [point(0, BASELINE), point(1, BASELINE)] if degrees else []


def _address(data: dict[str, Any]) -> str:
    """Return the address of a task's image. Raises `AnnotationError` if it has none or several."""
    found: dict[str, str] = {}
    for key, value in data.items():
        images = [each for each in (value if isinstance(value, list) else [value]) if _is_image(each)]
        if len(images) > 1:
            raise AnnotationError("has several images in one task: give each page its own")
        if images:
            found[key] = images[0]
    named = [key for key, value in found.items() if _has_suffix(value)]  # other addresses may be of web pages
    for key in (*(key for key in IMAGE_KEYS if key in named), *named, *IMAGE_KEYS, *found):
        if key in found:
            return found[key]
    raise AnnotationError("has no address of an image in its data")


def _is_image(text: object) -> bool:
    return isinstance(text, str) and "\n" not in text and ("://" in text or _has_suffix(text))


def _has_suffix(text: str) -> bool:
    """Test for the name of an image, with or without a query, or in one (/data/local-files/?d=p.png)."""
    return any(part.lower().endswith(SUFFIXES) for part in (text, text.partition("?")[0]))
