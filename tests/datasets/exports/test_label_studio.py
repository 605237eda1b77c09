"""Exports of Label Studio in JSON, as its users make them: several labels, annotators and kinds of addresses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError

SIZE = (600, 400)
OLD = "2026-01-01T09:00:00Z"


def region(key: str, text: str | list[str] | None, value: dict[str, object], kind: str = "rectangle") -> list[object]:
    size = {"original_width": SIZE[0], "original_height": SIZE[1], "image_rotation": 0}
    shape = {"id": key, "from_name": "label", "to_name": "image", "type": f"{kind}labels", **size}
    results: list[object] = [{**shape, "value": {**value, f"{kind}labels": ["Line"]}}]
    if text is not None:
        said = {**value, "text": [text] if isinstance(text, str) else text}
        results.append({**shape, "from_name": "transcription", "type": "textarea", "value": said})
    return results


def rectangle(x: float, y: float, width: float, height: float, rotation: float = 0) -> dict[str, object]:
    return {"x": x, "y": y, "width": width, "height": height, "rotation": rotation}


def task(address: object, *results: object, key: str = "ocr", **annotation: object) -> dict[str, object]:
    return {"id": 7, "data": {key: address}, "annotations": [{"id": 1, "result": results, **annotation}]}


def export(folder: Path, *tasks: object) -> str:
    (folder / "export.json").write_text(json.dumps(tasks))
    return f"labelstudio:{folder / 'export.json'}"


def page(folder: Path, name: str = "p.png", image: Image.Image | None = None) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (image or Image.new("L", SIZE, 230)).save(folder / name)


def test_regions_get_the_text_with_their_id(tmp_path: Path) -> None:
    """Texts come in any order, and some regions have none: a text by its position would be of another line."""
    page(tmp_path)
    first, second = region("a", "one", rectangle(10, 10, 50, 10)), region("b", "two", rectangle(10, 30, 50, 10))
    points = {"points": [[10, 50], [60, 50], [60, 60], [10, 60]], "closed": True}
    third = region("c", "three", points, "polygon")
    silent = region("d", None, rectangle(10, 70, 50, 10))
    rating = {"id": "r", "type": "choices", "value": {"choices": ["good"]}}
    spec = export(
        tmp_path, task("/data/upload/1/0123abcd-p.png", second[1], *first, second[0], *silent, *third, rating)
    )
    reader = open_spec(parse_spec(spec))
    assert sorted(sample.text for sample in reader) == ["one", "three", "two"]
    assert [problem.reason for problem in reader.problems] == ["has no text"]
    by_text = {sample.text: sample.image().shape for sample in reader}
    assert by_text["one"] == pytest.approx((40, 300), abs=2)
    assert by_text["three"] == pytest.approx((40, 300), abs=2)
    (layout,) = LayoutReader(spec)
    places = dict(zip(layout.texts, layout.lines))
    assert places["two"].polygon.min(axis=0) == pytest.approx([60, 120])
    assert len(places) == 4


def test_a_turned_rectangle_is_turned_in_pixels_and_cut_level(tmp_path: Path) -> None:
    """Turned in percent, a rectangle on a page that is not square would lie beside its line."""
    image = Image.new("L", SIZE, 230)
    degrees = 20
    down, right = (
        np.array([-np.sin(np.radians(degrees)), np.cos(np.radians(degrees))]),
        np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]),
    )
    start = np.array([120.0, 80.0])
    corners = [start, start + 300 * right, start + 300 * right + 40 * down, start + 40 * down]
    ImageDraw.Draw(image).polygon([tuple(corner) for corner in corners], fill=30)
    page(tmp_path, image=image)
    spec = export(tmp_path, task("p.png", *region("a", "ink", rectangle(20, 20, 50, 10, degrees))))
    (sample,) = open_spec(parse_spec(spec))
    cut = sample.image()
    assert cut.shape == pytest.approx((40, 300), abs=5)
    assert np.median(cut) < 60
    (layout,) = LayoutReader(spec)
    assert layout.lines[0].polygon == pytest.approx(np.array(corners), abs=0.1)
    assert layout.lines[0].baseline[0] == pytest.approx(start + 30 * down, abs=0.1)


def test_of_several_annotations_the_true_or_the_last_counts(tmp_path: Path) -> None:
    """An annotator's first try, or a skipped page, would be learned beside the corrected one."""
    for name in ("a.png", "b.png", "c.png"):
        page(tmp_path, name)

    def said(text: str, **more: object) -> dict[str, object]:
        return {"result": region("x", text, rectangle(10, 10, 50, 10)), **more}

    tasks = [
        {
            "data": {"image": "a.png"},
            "annotations": [said("new", updated_at="2027"), said("old", updated_at=OLD)],
        },
        {"data": {"image": "b.png"}, "annotations": [said("true", ground_truth=True), said("late", updated_at=OLD)]},
        {"data": {"image": "c.png"}, "annotations": [said("skipped", was_cancelled=True)]},
    ]
    reader = open_spec(parse_spec(export(tmp_path, *tasks)))
    assert [sample.text for sample in reader] == ["new", "true"]
    assert [(problem.id, problem.reason) for problem in reader.problems] == [("c", "has no annotation")]


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/data/local-files/?d=scans/box%201/p.png", "scans/box 1/p.png"),
        ("/data/upload/3/0123abcd-p.png", "0123abcd-p.png"),
        ("/data/upload/3/0123abcd-p.png", "p.png"),
        ("https://site.test/a/p.png?token=1", "p.png"),
        ("s3://bucket/scans/p.png", "scans/p.png"),
        (["C:\\scans\\p.png"], "p.png"),
        ("../../p 50%.png", "p 50%.png"),
    ],
)
def test_the_image_of_an_address_is_found(address: object, file: str, tmp_path: Path) -> None:
    """Label Studio names images by where its server had them."""
    page(tmp_path / "scans of mine", file)
    spec = export(tmp_path, task(address, *region("a", "words", rectangle(10, 10, 50, 10))))
    assert [sample.text for sample in open_spec(parse_spec(f"{spec}?images={tmp_path / 'scans of mine'}"))] == ["words"]


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A page would silently have fewer lines, or none."""
    good = region("a", "words", rectangle(10, 10, 50, 10))
    for name in ("a.png", "b.png", "c.png", "d.png"):
        page(tmp_path, name)
    turned = [{**result, "image_rotation": 90} for result in good]  # type: ignore[dict-item]
    oval = {"id": "o", "type": "ellipselabels", "original_width": 600, "value": {"x": 1, "y": 1, "radiusX": 5}}
    loose = {"id": "t", "type": "textarea", "value": {"text": ["of the whole page"]}}
    several = region("s", ["one", "two"], rectangle(10, 30, 50, 10))
    tasks = [
        task("a.png", *good, oval, loose, *several),
        task("b.png"),
        {"data": {"image": "c.png"}, "annotations": []},
        task("d.png", *turned),
        task(["1.png", "2.png"], *good),
        {"image": "d.png", "label": [rectangle(1, 1, 5, 5)], "transcription": ["JSON-MIN"]},
    ]
    reader = open_spec(parse_spec(export(tmp_path, *tasks)))
    assert [sample.text for sample in reader] == ["words"]
    reasons = {problem.id: problem.reason for problem in reader.problems}
    assert reasons["a/2"] == "is neither a rectangle nor a polygon: ellipselabels"
    assert reasons["a/3"] == "is a text without a rectangle"
    assert "several lines" in reasons["a/4"]
    assert reasons["b"] == "has an empty annotation"
    assert reasons["c"] == "has no annotation"
    assert "turned image" in reasons["d"]
    assert "several images" in reasons["export.json:5"]
    assert "JSON-MIN" in reasons["export.json:6"]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """YOLO and COCO are exports of Label Studio, too."""
    (tmp_path / "coco.json").write_text('{"images": [], "annotations": []}')
    with pytest.raises(AnnotationError, match="is not an export in JSON"):
        open_spec(parse_spec(f"labelstudio:{tmp_path / 'coco.json'}"))
