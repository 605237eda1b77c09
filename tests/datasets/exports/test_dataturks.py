"""Exports of Dataturks: the published file of Full Stack Deep Learning, and small ones with known pages."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import PROJECT

from gluon_htr.checks.labels import left_out
from gluon_htr.datasets.exports.reader import read_export
from gluon_htr.datasets.exports.record import EMPTY, NONE
from gluon_htr.datasets.kinds import KINDS
from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.datasets.sample import Problem
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, SpecError
from gluon_htr.pages.document import Line, Page, Region
from gluon_htr.pages.formats.registry import FORMATS

FSDL = PROJECT.parent / "shared" / "fsdl" / "fsdl_handwriting.json"
WIDTH, HEIGHT = 400, 500


def draw(path: Path, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    """A page whose gray tells the place: lighter to the right, so that every crop can be checked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = np.linspace(0, 250, size[0]).astype(np.uint8)
    Image.fromarray(np.tile(row, (size[1], 1))).save(path)


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def mark(points: object, notes: str | None = "some words", **more: object) -> dict[str, object]:
    size = {"imageWidth": WIDTH, "imageHeight": HEIGHT}
    return {"label": ["line"], "shape": "rectangle", "points": points, "notes": notes, **size, **more}


def export(folder: Path, *records: object, name: str = "export.json") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return file


def record(name: str, annotation: object) -> dict[str, object]:
    return {"content": f"http://site.test/set/{name}", "annotation": annotation, "extras": None}


def test_the_published_file_has_its_lines_and_its_places(tmp_path: Path) -> None:
    """Lines without text train layout only; pages that nobody has annotated are no pages without writing."""
    if not FSDL.is_file():
        pytest.skip("the annotations of FSDL, ../shared/fsdl, are not here")
    records, problems = read_export(FSDL)
    assert (len(records), problems) == (85, [])
    for each in records:
        name = each.address.rpartition("/")[2].replace("%28", "(").replace("%29", ")")
        width, height = each.size or (40, 40)
        Image.new("1", (round(width / 8), round(height / 8)), 1).save(tmp_path / name, "png")  # scaled down
    lines = open_spec(parse_spec(f"dataturks:{FSDL}?images={tmp_path}&text=transcribed"))
    texts = [sample.text for sample in lines]
    written = [json.loads(row)["annotation"] or [] for row in FSDL.read_text().splitlines()]
    expected = [" ".join(m["notes"].split()) for marks in written for m in marks if m["notes"].strip()]
    heights = [np.ptp([y for _, y in m["points"]]) for marks in written for m in marks]
    assert len(heights) == 455
    assert len(expected) == 315
    assert texts == expected
    counts = Counter(problem.reason for problem in lines.problems)
    assert counts["has no annotation"] == 12
    assert counts["has an empty annotation"] == 4
    layout = LayoutReader(f"dataturks:{FSDL}?images={tmp_path}")
    pages = list(layout)
    assert len(pages) == 69
    assert sum(len(page.lines) for page in pages) == sum(
        height > 0 for height in heights
    )  # without two dots and a stroke
    assert Counter(problem.reason for problem in layout.problems)["has an empty annotation"] == 4


@pytest.mark.parametrize(
    "points",
    [
        box(0.25, 0.2, 0.75, 0.3),
        [[0.25, 0.3], [0.75, 0.3], [0.25, 0.2], [0.75, 0.2]],
        [[0.25, 0.2], [0.75, 0.3]],
        [{"x": 0.25, "y": 0.2}, {"x": 0.75, "y": 0.3}],
    ],
    ids=["four corners", "row by row", "two corners", "old"],
)
def test_a_line_is_cut_where_it_was_drawn(points: object, tmp_path: Path) -> None:
    """Proportions taken for pixels, or x for y, would cut out something else."""
    draw(tmp_path / "images" / "p.png")
    (sample,) = open_spec(parse_spec(f"dataturks:{export(tmp_path, record('p.png', [mark(points)]))}"))
    assert (sample.id, sample.text, sample.group) == ("p/1", "some words", "p")
    image = sample.image()
    assert image.shape == pytest.approx((50, 200), abs=2)
    assert image.mean(axis=0)[[3, -4]] == pytest.approx([250 * 0.25, 250 * 0.75], abs=5)


def test_what_cannot_be_used_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    """One bad record would cost the others, or vanish."""
    for name in ("good.png", "text.png", "shape.png"):
        draw(tmp_path / name)
    draw(tmp_path / "tall.png", (100, 500))
    place = box(0.1, 0.1, 0.9, 0.2)
    file = export(
        tmp_path,
        record("good.png", [mark(place), mark(place, None), mark(place, "two\nlines"), mark(box(10, 10, 90, 20))]),
        record("none.png", None),
        record("old.png", ""),
        record("empty.png", []),
        record("tall.png", [mark(place)]),
        record("absent.png", [mark(place)]),
        record("good.png", [mark(place)]),
        {"annotation": []},
    )
    with file.open("a") as opened:
        opened.write("{broken\n")
    reader = open_spec(parse_spec(f"dataturks:{file}"))
    assert [sample.id for sample in reader] == ["good.1/1"]
    reasons = {problem.id: problem.reason for problem in reader.problems}
    assert reasons["none"] == reasons["old"] == "has no annotation"
    assert reasons["empty"] == "has an empty annotation"
    assert reasons["good.1/2"] == "has no text"
    assert "several lines" in reasons["good.1/3"]
    assert "not on the page" in reasons["good.1/4"]
    assert reasons["tall"] == "has an image of 100 x 500 pixels, and 400 x 500 were annotated"
    assert "download --annotations" in reasons["absent"]
    assert reasons["good.7"] == "has the same image as good.1"
    assert "export.json:8" in reasons
    assert "export.json:9" in reasons


def test_pages_that_end_alike_do_not_get_the_same_image(tmp_path: Path) -> None:
    """Two writers' `page_001.jpg` would teach one's text with the other's writing."""
    draw(tmp_path / "a" / "p.png")
    draw(tmp_path / "p.png")
    place = [mark(box(0.1, 0.1, 0.9, 0.2))]
    file = export(tmp_path, record("a/p.png", place), record("b/p.png", place))
    reader = open_spec(parse_spec(f"dataturks:{file}"))
    assert [sample.id for sample in reader] == ["p.1/1"]
    assert [problem.id for problem in reader.problems] == ["p.2"]


def test_only_the_marks_with_a_label_are_lines(tmp_path: Path) -> None:
    """Stamps and pictures would be read."""
    draw(tmp_path / "p.png")
    place = box(0.1, 0.1, 0.9, 0.2)
    file = export(tmp_path, record("p.png", [mark(place, "stamp", label=["stamp"]), mark(place, "words")]))
    assert [sample.text for sample in open_spec(parse_spec(f"dataturks:{file}?label=line"))] == ["words"]
    with pytest.raises(AnnotationError, match="has nothing labeled heading"):
        open_spec(parse_spec(f"dataturks:{file}?label=heading"))


def test_a_split_keeps_the_lines_of_a_page_together(tmp_path: Path) -> None:
    """Lines of a page in training and validation would make the validation too easy."""
    place = [mark(box(0.1, 0.1 * k, 0.9, 0.1 * k + 0.08)) for k in range(1, 5)]
    for number in range(10):
        draw(tmp_path / f"p{number}.png", (40, 50))
    file = export(tmp_path, *(record(f"p{number}.png", place) for number in range(10)))
    parts = [
        {sample.group for sample in open_spec(parse_spec(f"dataturks:{file}?split={split}&ratio=0.3"))}
        for split in ("train", "validation")
    ]
    assert parts[0].isdisjoint(parts[1])
    assert sorted(map(len, parts)) == [3, 7]
    with pytest.raises(SpecError, match="split cannot be 'test'"):
        parse_spec(f"dataturks:{file}?split=test")


def test_places_without_text_train_layout(tmp_path: Path) -> None:
    """Half of the annotations have no text yet, and are as good for finding lines. A baseline is not at the edge."""
    draw(tmp_path / "p.png")
    sloped = [[0.1, 0.5], [0.9, 0.6], [0.9, 0.7], [0.1, 0.6]]
    file = export(tmp_path, record("p.png", [mark(box(0.1, 0.1, 0.9, 0.2), ""), mark(sloped, "", shape="polygon")]))
    with pytest.raises(AnnotationError, match="no usable line: p/1 has no text"):
        open_spec(parse_spec(f"dataturks:{file}"))
    (page,) = LayoutReader(f"dataturks:{file}")
    assert page.lines[0].polygon == pytest.approx(np.array(box(40, 50, 360, 100)))
    assert page.lines[0].baseline == pytest.approx(np.array([(40, 87.5), (360, 87.5)]))
    assert page.lines[1].baseline == pytest.approx(np.array([(40, 287.5), (360, 337.5)]))


def test_read_pages_are_written_and_read_again(tmp_path: Path) -> None:
    """What `read --format dataturks` writes should train."""
    draw(tmp_path / "p.png")
    corners = ((40.0, 50.0), (360.0, 50.0), (360.0, 100.0), (40.0, 100.0))
    lines = tuple(
        Line(f"l{k}", text, 1.0, tuple((x, y + 100 * k) for x, y in corners), ((40, 90), (360, 90)))
        for k, text in enumerate(["größer “als”", "two"])
    )
    page = Page("p.png", 1, WIDTH, HEIGHT, 0, (Region("r", "text", corners, lines),))
    blank = Page("blank.png", 1, WIDTH, HEIGHT, 0)
    file = tmp_path / "pages.dataturks.json"
    with FORMATS["dataturks"].open(file) as writer:
        for each in (page, blank):
            writer.add(each, b"")
    reader = open_spec(parse_spec(f"dataturks:{file}?text=transcribed"))
    assert [sample.text for sample in reader] == ["größer “als”", "two"]
    assert [problem.reason for problem in reader.problems] == ["has an empty annotation"]
    (found,) = LayoutReader(f"dataturks:{file}")
    assert found.lines[1].polygon == pytest.approx(np.array(corners) + np.array([0, 100]), abs=0.01)
    stated = json.loads(file.read_text().splitlines()[0])
    assert stated["content"] == "p.png"
    assert stated["annotation"][0]["imageWidth"] == WIDTH


def test_doctor_notes_pages_that_nobody_has_annotated(tmp_path: Path) -> None:
    """They are left out on purpose: nothing in the file is malformed, and nothing is to be corrected."""
    problems = [Problem("p1", NONE), Problem("p2", EMPTY)]
    (finding,) = left_out(problems, "fix", 10)
    assert (finding.name, finding.severity) == ("unannotated-page", "note")


def test_a_prepared_export_is_outdated_once_an_image_changes(tmp_path: Path) -> None:
    """`train` would go on with lines of a scan that was replaced."""
    draw(tmp_path / "images" / "p.png")
    file = export(tmp_path, record("p.png", [mark(box(0.1, 0.1, 0.9, 0.2))]), record("absent.png", None))
    spec = parse_spec(f"dataturks:{file}")
    states = [list(KINDS["dataturks"].companions(spec.path, spec.options))]
    draw(tmp_path / "images" / "p.png", (WIDTH * 2, HEIGHT * 2))
    states.append(list(KINDS["dataturks"].companions(spec.path, spec.options)))
    assert [len(state) for state in states] == [1, 1]
    assert states[0] != states[1]
    (sample,) = open_spec(spec)
    assert sample.image().shape == pytest.approx((100, 640), abs=3)  # a larger scan of the same page is as good
