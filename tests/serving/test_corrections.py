"""Corrections and the list that a person edits beside the running server."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from reading_server import word
from support import BUGS

from gluon_htr.datasets.listing.rows import read_rows
from gluon_htr.datasets.sample import Problem
from gluon_htr.errors import UsageError
from gluon_htr.serving.corrections import CorrectionStore
from gluon_htr.serving.request_errors import RequestRejected

EDITED = (
    "\ufeffpath\ttext\tgroup\r\nimages/mine.png\treading\twriter A\r\n# to be checked\r\nimages/third.png\r\n\r\nend"
)


def store(folder: Path, content: bytes | None = None, **images: bytes) -> CorrectionStore:
    """A store in a folder with a list and images."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        (folder / "images" / f"{name}.png").write_bytes(image)
    if content is not None:
        (folder / "labels.tsv").write_bytes(content)
    return CorrectionStore(folder, 1_000_000)


def listed(folder: Path) -> dict[str, str]:
    """Labels by path, without problems."""
    problems: list[Problem] = []
    found = {row.path: row.label for row in read_rows(folder / "labels.tsv", problems)}
    assert not problems
    return found


def test_joiners_of_letters_are_kept(tmp_path: Path) -> None:
    """Corrections in Persian or Hindi would be refused."""
    text = "می\u200cخواهم"
    store(tmp_path).add(word("abc"), text)
    assert list(listed(tmp_path).values()) == [text]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_everything_that_a_person_added_stays(codec: str, tmp_path: Path) -> None:
    """A column, remarks and rows to be filled in were deleted with the next correction."""
    before = EDITED.encode(codec)
    store(tmp_path, before).add(word("abc"), 'the "end"')
    after = (tmp_path / "labels.tsv").read_bytes()
    assert after.startswith(before)
    [added] = after[len(before) :].decode(codec).split("\r\n")[1:-1]
    path, *cells = added.split("\t")
    assert cells == ['the "end"', ""]
    assert (tmp_path / path).read_bytes() == word("abc")


def test_only_the_text_of_the_corrected_image_changes(tmp_path: Path) -> None:
    """An edited row would be doubled, or lose its other cells."""
    content = "text\tpath\twriter\nold\t.\\images\\a.png\tanna\n\timages/b.png\tbert\nc\timages/c.png\t\n"
    kept = store(tmp_path, content.encode(), a=word("abc"), b=word("bad"))
    assert kept.add(word("abc"), "new") == 2
    assert kept.add(word("bad"), "filled") == 3
    wanted = content.replace("old\t", "new\t").replace("\n\timages/b", "\nfilled\timages/b")
    assert (tmp_path / "labels.tsv").read_text() == wanted
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["a.png", "b.png"]


def test_edits_of_a_running_server_s_list_are_kept(tmp_path: Path) -> None:
    """The server would write back what it has in memory."""
    kept = store(tmp_path)
    kept.add(word("abc"), "one")
    with open(tmp_path / "labels.tsv", "a") as file:
        file.write("mine.png\tmine\n")
    assert kept.add(word("bad"), "two") == 3
    assert list(listed(tmp_path).values()) == ["one", "mine", "two"]


def test_a_list_of_a_spreadsheet_stays_one(tmp_path: Path) -> None:
    """Its quotation marks would become part of the labels, or those of the labels part of its format."""
    before = 'path\ttext\nimages/a.png\t"She said ""no"""\nb.png\t"two\nlines"\n'
    kept = store(tmp_path, before.encode(), a=word("abc"))
    kept.add(word("bad"), 'a "quoted" one')
    assert (tmp_path / "labels.tsv").read_text().startswith(before)
    assert list(listed(tmp_path).values()) == ['She said "no"', "two\nlines", 'a "quoted" one']
    kept.add(word("abc"), '"yes"')
    assert listed(tmp_path)["images/a.png"] == '"yes"'


def test_a_text_that_the_list_cannot_hold_is_refused(tmp_path: Path) -> None:
    """Other rows would be read differently from then on."""
    kept = store(tmp_path)
    kept.add(word("abc"), '"Hello," he said')
    before = (tmp_path / "labels.tsv").read_bytes()
    with pytest.raises(RequestRejected, match="cannot hold the text"):
        kept.add(word("bad"), '"a ""b"" c"')
    assert (tmp_path / "labels.tsv").read_bytes() == before


def test_a_list_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    """It would be replaced by a list of the new corrections alone."""
    kept = store(tmp_path)
    kept.add(word("abc"), "one")
    for content in ("caf\xe9\tx\n".encode("latin-1"), b"name\twhat\nx\ty\n" * 0 + b"path\tsize\nx\ty\n"):
        (tmp_path / "labels.tsv").write_bytes(content)
        with pytest.raises(RequestRejected, match="not stored") as refusal:
            kept.add(word("bad"), "two")
        assert refusal.value.http_status == 409
        assert (tmp_path / "labels.tsv").read_bytes() == content
        with pytest.raises(UsageError, match="--corrections"):
            CorrectionStore(tmp_path, 1_000_000)


def test_a_folder_that_cannot_be_written_is_told_of_at_the_start(tmp_path: Path) -> None:
    """Each correction would fail, hours later."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match=r"--corrections .*file cannot be used"):
        CorrectionStore(tmp_path / "file", 1_000_000)


def test_a_list_may_be_a_link(tmp_path: Path) -> None:
    """The file that the person has elsewhere would no longer be the one that grows."""
    (tmp_path / "mine.tsv").write_text("a.png\tx\n")
    kept = store(tmp_path / "kept")
    (tmp_path / "kept" / "labels.tsv").symlink_to(tmp_path / "mine.tsv")
    kept.add(word("abc"), "one")
    assert (tmp_path / "kept" / "labels.tsv").is_symlink()
    assert list(listed(tmp_path / "kept").values()) == ["x", "one"]


@pytest.mark.skipif(not BUGS.is_dir(), reason="needs ../shared/bugs")
def test_the_reported_list_keeps_its_column_remark_and_empty_row(tmp_path: Path) -> None:
    """A user reported this."""
    before = (BUGS / "corrections-edited" / "labels.tsv").read_bytes()
    store(tmp_path, before).add(word("abc"), "abc")
    after = (tmp_path / "labels.tsv").read_bytes()
    assert after.startswith(before.rstrip(b"\n"))
    assert b"# rows below are to be checked" in after
    assert len(after.splitlines()) == len(before.splitlines()) + 1
