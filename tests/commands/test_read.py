"""Reading of whole pages, as a user does it."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
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
from gluon_htr.pages.annotations import parse_points
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
    content = re.sub("<Unicode>[^<]*", "<Unicode>WRONG", draw_page(5, seed=3, size=40)[1])
    content = content.replace("</TextRegion>", "<!-- kept --></TextRegion>")
    (tmp_path / "letter.xml").write_text(content, "utf-8")
    done = command("read", page, "--segmentation", "letter.xml", "--output", "out")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "out" / "letter.xml").read_text("utf-8")
    texts = [node.text or "" for node in ElementTree.fromstring(written).iter() if node.tag.endswith("Unicode")]
    assert "WRONG" not in texts
    lines = [next(text for text in line.itertext() if text.strip()) for line in _lines_of(written)]
    assert sum(similar(text, number) for number, text in enumerate(lines)) >= 3
    assert "<!-- kept -->" in written
    assert written.count("<Coords") > content.count("<Coords"), "words have places, too"


def test_the_file_with_the_lines_is_not_replaced(page: Path, tmp_path: Path, command: Command) -> None:
    """Transcriptions of a person would be lost."""
    (tmp_path / "letter.xml").write_text(content := draw_page(5, seed=3, size=40)[1], "utf-8")
    for output in (".", tmp_path, "missing/.."):
        done = command("read", page, "--segmentation", "letter.xml", "--output", output)
        assert "letter.xml is to be read, and would be replaced" in refusal(done)
    assert (tmp_path / "letter.xml").read_text("utf-8") == content


def _lines_of(content: str) -> list[ElementTree.Element]:
    """The TextEquiv elements that are the lines' own."""
    lines = [each for each in ElementTree.fromstring(content).iter() if each.tag.endswith("TextLine")]
    return [next(each for each in line if each.tag.endswith("TextEquiv")) for line in lines]


def words_within_lines(file: Path) -> int:
    """Count the words of a PAGE file, each of which lies on its line, as far as a letter may reach beyond it."""
    count = 0
    for line in ElementTree.parse(file).iter():
        if not line.tag.endswith("TextLine"):
            continue
        corners = [
            np.array(parse_points(each.get("points", ""))) for each in line.iter() if each.tag.endswith("Coords")
        ]
        for corner in corners[1:]:
            assert (corner.min(axis=0) > corners[0].min(axis=0) - 20).all()
            assert (corner.max(axis=0) < corners[0].max(axis=0) + 20).all()
        count += sum(each.tag.endswith("Word") for each in line)
    return count


def test_words_stand_on_their_lines_in_an_image_of_another_size(page: Path, tmp_path: Path, command: Command) -> None:
    """A scan at half the resolution would get words at half of their places."""
    content = draw_page(5, seed=3, size=40)[1]
    (tmp_path / "letter.xml").write_text(content, "utf-8")
    with Image.open(page) as whole:
        whole.reduce(2).save(tmp_path / "small.png")
    done = command("read", "small.png", "--segmentation", "letter.xml", "--output", "out")
    assert done.returncode == 0, done.stderr
    assert words_within_lines(tmp_path / "out" / "letter.xml") >= 5


def test_lines_of_another_image_are_refused(page: Path, tmp_path: Path, command: Command) -> None:
    """A photograph that is turned would lose its texts to nonsense."""
    (tmp_path / "letter.xml").write_text(draw_page(5, seed=3, size=40)[1], "utf-8")
    with Image.open(page) as whole:
        whole.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png")
    told = refusal(command("read", "turned.png", "--segmentation", "letter.xml", "--output", "out"))
    assert "letter.xml has an image of" in told
    assert not (tmp_path / "out").exists()
    assert "letter.png" in refusal(command("read", page, "--segmentation", page))
    assert "none.xml cannot be read" in refusal(command("read", page, "--segmentation", "none.xml"))


def test_lines_without_a_place_are_told(page: Path, tmp_path: Path, command: Command) -> None:
    """A line would keep the text that it had, and nobody would know."""
    content = draw_page(5, seed=3, size=40)[1].replace('points="', 'points="x', 1)
    (tmp_path / "letter.xml").write_text(content, "utf-8")
    done = command("read", page, "--segmentation", "letter.xml", "--output", "out")
    assert done.returncode == 1
    assert "letter.xml: lines without a place on the page stay as they are: l0" in done.stderr
    for options in (["--render"], ["--format", "json"], ["--format", "txt"]):
        told = refusal(command("read", page, "--segmentation", "letter.xml", "--output", "out", *options))
        assert options[0] in told


def test_a_model_of_another_task_is_named_as_it_was_given(page: Path, command: Command) -> None:
    """A user would read the path of a file that they never saw, or be offered models that find no lines."""
    told = refusal(command("read", page, "--layout", "latin-lines"))
    assert told.startswith("error: latin-lines reads lines")
    told = refusal(command("read", page, "--layout", "page"))
    assert "did you mean pages?" in told
    assert "words" not in told


def test_documents_of_several_pages_are_printed_as_one(page: Path, tmp_path: Path, command: Command) -> None:
    """No program could parse what was printed."""
    with Image.open(page) as opened:
        opened.save(tmp_path / "book.tif", save_all=True, append_images=[opened.copy()])
    printed = command("read", "book.tif", "--format", "json")
    assert len(msgspec.json.decode(printed.stdout.encode(), type=Document).pages) == 2
    assert command("read", "book.tif").stdout.count("\f") == 1
    assert command("read", "book.tif", "--format", "hocr").stdout.count("<html") == 1
    several = command("read", "book.tif", "--format", "page")
    assert several.returncode == 2
    assert "give --output DIR" in several.stderr


def test_no_output_replaces_an_input_or_another_output(page: Path, tmp_path: Path, command: Command) -> None:
    """A scan would be lost, or a page of a book."""
    with Image.open(page) as opened:
        opened.save(tmp_path / "scan.pdf")
        opened.save(tmp_path / "book.tif", save_all=True, append_images=[opened.copy()])
        opened.save(tmp_path / "book-0001.png")
    before = (tmp_path / "scan.pdf").read_bytes()
    assert "would be replaced" in refusal(command("read", "scan.pdf", "--format", "pdf", "--output", "."))
    assert (tmp_path / "scan.pdf").read_bytes() == before
    done = command("read", "book.tif", "book-0001.png", "--format", "page", "--output", "out")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["book-0001.png.xml", "book-0001.xml", "book-0002.xml"]


@pytest.mark.parametrize("kind", ["json", "dataturks", "txt"])
def test_names_that_are_no_text_are_read(kind: str, page: Path, tmp_path: Path, command: Command) -> None:
    """A file from an old system would end the whole batch."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    try:
        shutil.copy(page, odd)
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    done = command("read", odd, page, "--format", kind, "--output", "out")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 2
    if kind == "txt":
        assert "caf\\udce9.png <==" in command("read", odd, page).stdout
    else:
        assert any("caf\\\\udce9" in file.read_text() for file in (tmp_path / "out").iterdir())


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
