"""Reading of whole pages, as a user does it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from drawn_pages import TEXTS, draw_page
from PIL import Image
from support import Command, refusal

from gluon_htr import read
from gluon_htr.bundles.catalog import find_bundle
from gluon_htr.pages.document import Document

pytest.importorskip("shapely")
if find_bundle("pages") is None:
    pytest.skip("no model that finds lines ships with this version", allow_module_level=True)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page of five printed lines."""
    path = tmp_path / "letter.png"
    draw_page(5, seed=3, size=40)[0].save(path)
    return path


def similar(text: str, number: int) -> bool:
    """Whether a line is that of the drawn page, as far as a reader of handwriting reads print."""
    truth, read = set(TEXTS[(3 + number) % len(TEXTS)].lower().split()), set(text.lower().split())
    return len(truth & read) >= len(truth) / 3


def test_a_page_is_read_line_by_line(page: Path, command: Command) -> None:
    """The README's first command would not work."""
    done = command("read", page)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line]
    assert len(lines) == 5
    assert sum(similar(line, number) for number, line in enumerate(lines)) >= 3


def test_readings_of_lines_and_words_are_written(page: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """A person who corrects would not see what else a word may be."""
    beam = ["--decoder", "beam", "--language", "en", "--format", "json"]
    assert read.main([str(page), *beam, "--n-best", "3"]) == 0
    asked = msgspec.json.decode(capfdbinary.readouterr().out, type=Document)
    assert read.main([str(page), *beam]) == 0
    plain = capfdbinary.readouterr().out
    assert b"alternatives" not in plain
    assert asked.text == msgspec.json.decode(plain, type=Document).text
    for part in (*asked.lines, *(word for line in asked.lines for word in line.words)):
        assert part.alternatives[0].text == part.text
        assert len(part.alternatives) <= 3
        assert sum(other.probability for other in part.alternatives) <= 1 + 1e-6
        assert len({other.text for other in part.alternatives}) == len(part.alternatives)
    assert any(len(word.alternatives) > 1 for line in asked.lines for word in line.words)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read(turn: int, page: Path, tmp_path: Path, command: Command) -> None:
    """A scan that lies on its side or on its head would be garbage."""
    turned = tmp_path / "turned.png"
    with Image.open(page) as image:
        image.rotate(turn, expand=True).save(turned)
    done = command("read", turned, "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["pages"][0]["orientation"] == turn  # clockwise turns undo Pillow's counterclockwise ones
    lines = [line["text"] for region in document["pages"][0]["regions"] for line in region["lines"]]
    assert sum(similar(line, number) for number, line in enumerate(lines)) >= 3


@pytest.mark.parametrize("skew", [-12, 7])
def test_a_skewed_page_is_read(skew: int, page: Path, tmp_path: Path, command: Command) -> None:
    """A photograph that was taken askew would be cut across its lines."""
    with Image.open(page) as image:
        image.rotate(skew, Image.Resampling.BILINEAR, expand=True, fillcolor=240).save(tmp_path / "skewed.png")
    done = command("read", "skewed.png")
    lines = [line for line in done.stdout.splitlines() if len(line) > 6]
    assert sum(similar(line, number) for number, line in enumerate(lines)) >= 3


def test_a_blank_page_is_a_result(tmp_path: Path, command: Command) -> None:
    """The empty back of a letter would end a batch."""
    Image.new("L", (800, 1000), 240).save(tmp_path / "blank.png")
    done = command("read", "blank.png")
    assert (done.returncode, done.stdout.strip()) == (0, "")
    assert "blank.png: no lines found" in done.stderr


def test_a_bad_page_does_not_end_a_batch(page: Path, tmp_path: Path, command: Command) -> None:
    """One broken scan would cost a night's work."""
    (tmp_path / "broken.png").write_bytes(page.read_bytes()[:300])
    done = command("read", "broken.png", "missing.png", page, "--output", "out")
    assert done.returncode == 1
    assert "broken.png" in done.stderr
    assert "missing.png" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("kind", ["txt", "json", "page", "alto", "hocr", "pdf"])
def test_every_format_is_written(kind: str, page: Path, tmp_path: Path, command: Command) -> None:
    """An archive would get files that it cannot read."""
    done = command("read", page, "--format", kind, "--output", "out", "--render")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[0] == "letter-0001.lines.png"
    content = (tmp_path / "out" / names[1]).read_bytes()
    if kind in ("page", "alto", "hocr"):
        lines = [node for node in ElementTree.fromstring(content).iter() if node.tag.endswith(("TextLine", "}span"))]
        assert len(lines) >= 5
    elif kind == "pdf":
        assert content.startswith(b"%PDF-")


def test_pages_of_a_document_are_read_one_by_one(page: Path, tmp_path: Path, command: Command) -> None:
    """Only the first page of a scanned letter would be read."""
    with Image.open(page) as image:
        image.save(tmp_path / "book.tif", save_all=True, append_images=[image.copy(), Image.new("L", (300, 300), 240)])
    done = command("read", "book.tif", "--format", "page", "--output", "out")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"book-{k:04}.xml" for k in (1, 2, 3)]


def test_folders_and_patterns_are_expanded(page: Path, tmp_path: Path, command: Command) -> None:
    """A user would have to name hundreds of files."""
    (tmp_path / "scans").mkdir()
    for name in ("b.png", "a.png", "notes.md"):
        (tmp_path / "scans" / name).write_bytes(page.read_bytes())
    for named in ("scans", "scans/*.png"):
        done = command("read", named)
        assert done.returncode == 0, done.stderr
        heads = [line for line in done.stdout.splitlines() if line.startswith("==>")]
        assert [head.split("/")[-1] for head in heads] == ["a.png <==", "b.png <=="]
    assert "no file matches" in refusal(command("read", "scans/*.jpg"))


def test_the_lines_of_a_file_are_read_into_it(page: Path, tmp_path: Path, command: Command) -> None:
    """Corrected segmentation would be thrown away."""
    content = draw_page(5, seed=3, size=40)[1]
    (tmp_path / "letter.xml").write_text(content.replace("<!-- kept -->", ""), "utf-8")
    done = command("read", page, "--segmentation", "letter.xml", "--output", "out")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "out" / "letter.xml").read_text("utf-8")
    texts = [node.text or "" for node in ElementTree.fromstring(written).iter() if node.tag.endswith("Unicode")]
    assert any(similar(text, 0) for text in texts)
    assert written.count("<Coords") >= content.count("<Coords")


def test_a_page_given_to_predict_is_sent_to_read(page: Path, command: Command) -> None:
    """A newcomer would think that the text of a page is one line of nonsense."""
    assert "use gluon-htr read" in command("predict", page).stderr


def test_a_line_given_to_read_is_sent_to_predict(tmp_path: Path, command: Command) -> None:
    """A cropped line would lose letters to the search for lines."""
    line = np.asarray(draw_page(1, seed=0, size=40)[0])[60:150]
    Image.fromarray(line).save(tmp_path / "line.png")
    assert "gluon-htr predict" in command("read", "line.png").stderr


def test_output_that_cannot_be_printed_is_refused(page: Path, command: Command) -> None:
    """Bytes of a PDF would fill the terminal."""
    assert "--output" in refusal(command("read", page, "--format", "pdf"))
    assert "--output" in refusal(command("read", page, "--render"))


def test_python_reads_the_same(page: Path) -> None:
    """A notebook would give another text than the terminal."""
    import gluon_htr

    document = gluon_htr.load_reader(threads=1).read(page)
    assert isinstance(document, Document)
    assert document.source == "letter.png"
    assert len(document.lines) == 5
    blob = io.BytesIO(page.read_bytes()).getvalue()
    assert gluon_htr.load_reader(threads=1).read(blob).text == document.text
