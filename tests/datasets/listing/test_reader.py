"""Images and labels of one's own, as people write them down, mistakes included."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from support import png, prepare

from gluon_htr.datasets.listing.reader import ListingOptions, ListingReader
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, SpecError
from gluon_htr.images.formats import NAMES
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="height", height=32, width=512)
PICTURE = png(np.full((20, 60), 200, np.uint8))


def files(root: Path, *images: str, **texts: str) -> Path:
    """A folder of pictures and texts; in the texts' names two underscores stand for a dot."""
    for name in images:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(PICTURE)
    for name, text in texts.items():
        (root / name.replace("__", ".")).write_bytes(text.encode())
    return root


def read(path: Path, **options: object) -> ListingReader:
    return ListingReader(path, ListingOptions(**options))  # type: ignore[arg-type]


def found(path: Path, **options: object) -> dict[str, str]:
    return {sample.id: sample.text for sample in read(path, **options)}


def told(path: Path) -> dict[str, str]:
    return {problem.id: problem.reason for problem in read(path).problems}


def test_path_space_label(tmp_path: Path) -> None:
    """The CRNN's own lists could not be read: labels with spaces, names with spaces, Windows' line ends."""
    text = "a.png Hello, my world\r\nsub/b.JPG  x.png y\r\nmy scan 1.png two words\r\n\r\nc.png a\u2028b\r\n"
    root = files(tmp_path, "a.png", "sub/b.JPG", "my scan 1.png", "c.png", sample__txt=text)
    assert found(root / "sample.txt") == {
        "a.png": "Hello, my world",
        "sub/b.JPG": "x.png y",
        "my scan 1.png": "two words",
        "c.png": "a\u2028b",
    }
    assert found(root) == found(root / "sample.txt")  # a folder with one list is that list


def test_tabs_with_and_without_header_and_groups(tmp_path: Path) -> None:
    """Labels would end at their first quotation mark, or the header would be a missing file."""
    text = 'path\tlabel\tgroup\na.png\t"quoted" and 5" \tanna\nb.png\tx\n'
    root = files(tmp_path, "a.png", "b.png", labels__tsv=text, other__txt=text)
    assert found(root / "labels.tsv") == {"a.png": '"quoted" and 5"', "b.png": "x"}
    assert [s.group for s in read(root / "labels.tsv")] == ["anna", "b.png"]
    assert found(root / "other.txt") == found(root / "labels.tsv")
    assert found(files(tmp_path, bare__tsv="a.png\tx\n") / "bare.tsv") == {"a.png": "x"}


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_by_its_header(separator: str, tmp_path: Path) -> None:
    """Spreadsheets order columns as they like, part them by semicolons in half of Europe, and begin with a mark."""
    rows = [["Writer", "Text", "File"], ["anna", '"yes; no, ""maybe"""', "a.png"], ["", "x", "b.png"]]
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows)
    root = files(tmp_path, "a.png", "b.png", labels__csv=text)
    assert found(root / "labels.csv") == {"a.png": 'yes; no, "maybe"', "b.png": "x"}
    assert [s.group for s in read(root / "labels.csv", group="writer")] == ["anna", "b.png"]


def test_labels_beside_images(tmp_path: Path) -> None:
    """What kraken, Calamari and OCRopus train on could not be read."""
    root = files(tmp_path, "b.png", "one/a.jpg")
    (root / "b.gt.txt").write_text("Grüße \n", encoding="utf-8")
    (root / "one" / "a.gt.txt").write_text("x")
    assert found(root) == {"b.png": "Grüße", "one/a.jpg": "x"}
    assert {s.id: s.group for s in read(root, group="folder")} == {"b.png": ".", "one/a.jpg": "one"}


def test_lists_of_spreadsheets_in_utf_16(tmp_path: Path) -> None:
    """`Unicode text` of Excel would be refused as binary."""
    root = files(tmp_path, "a.png")
    (root / "labels.tsv").write_text("a.png\tGrüße\n", encoding="utf-16")
    assert found(root) == {"a.png": "Grüße"}


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    """Whoever repairs a list would repair one line a run, or never learn of the lost ones."""
    root = files(tmp_path, "a.png", "c.png", "d.png", "test.png", text__png="no image", empty__png="")
    (root / "list.txt").write_text(
        "a.png first\n\nb.png second\nc.png\nd.png \na.png first\na.png other\ntext.png x\nempty.png x\nteste.png x\n"
    )
    reader = read(root / "list.txt")
    assert [s.id for s in reader] == ["a.png"]
    assert {p.id: p.reason for p in reader.problems} == {
        "list.txt:3": "b.png does not exist",
        "list.txt:4": "c.png has an empty label",
        "list.txt:5": "d.png has an empty label",
        "list.txt:6": "a.png repeats line 1",
        "list.txt:7": "a.png repeats line 1 with another label",
        "list.txt:8": f"text.png is not an image in an accepted format ({NAMES})",
        "list.txt:9": "empty.png is empty",
        "list.txt:10": "teste.png does not exist; did you mean test.png?",
    }


def test_a_missing_image_is_never_mistaken_for_a_listed_or_numbered_neighbor(tmp_path: Path) -> None:
    """`page_3.png` would be suggested for `page_4.png`, a thousand times over."""
    root = files(tmp_path, "page_3.png", "hous.png", list__txt="page_4.png x\nhous.png y\nhouse.png z\n")
    assert told(root / "list.txt") == {
        "list.txt:1": "page_4.png does not exist",
        "list.txt:3": "house.png does not exist",
    }


def test_another_ending_of_the_same_name_is_suggested(tmp_path: Path) -> None:
    """Images that were converted after the list was written would all be lost without a hint."""
    root = files(tmp_path, "scan.jpg", "a.png", list__txt="scan.png x\na.png y\n")
    assert told(root / "list.txt") == {"list.txt:1": "scan.png does not exist; did you mean scan.jpg?"}


def test_blanks_in_place_of_tabs_are_told(tmp_path: Path) -> None:
    """An editor that writes blanks for tabs makes one cell of each row; the image seems to be missing."""
    root = files(tmp_path, "a.png", "b.png", list__tsv="a.png   first words\nb.png\tsecond\n")
    assert told(root / "list.tsv") == {"list.tsv:1": "has no tab between a.png and its text"}


def test_misnamed_labels_beside_images_are_recognized(tmp_path: Path) -> None:
    """`teste.txt` beside `test.png`: the sample would be lost for one letter."""
    root = files(
        tmp_path,
        *("good.png", "test.png", "line.png", "word.png", "none.png", "good.jpg"),
        good__gt__txt="x",
        teste__txt="x",
        line__txt="x",
        wrod__gt__txt="x",
        elsewhere__gt__txt="x",
        readme__txt="about this folder",
    )
    assert found(root) == {"good.jpg": "x"}
    assert told(root) == {
        "good.png": "has the same label file as good.jpg",
        "test.png": "has no test.gt.txt; rename teste.txt, if that is its label",
        "line.png": "has no line.gt.txt; rename line.txt, if that is its label",
        "word.png": "has no word.gt.txt; rename wrod.gt.txt, if that is its label",
        "none.png": "has no none.gt.txt",
        "elsewhere.gt.txt": "is a label without an image here",
    }


def test_odd_labels_beside_images_cost_themselves_alone(tmp_path: Path) -> None:
    """One file saved in an old encoding would stop all others."""
    root = files(tmp_path, *(f"{name}.png" for name in "abcd"), a__gt__txt="x", b__gt__txt="one\ntwo", c__gt__txt=" \n")
    (root / "d.gt.txt").write_bytes("Grüße".encode("latin-1"))
    assert found(root) == {"a.png": "x"}
    reasons = told(root)
    assert "several lines" in reasons["b.png"]
    assert "empty label" in reasons["c.png"]
    assert "not UTF-8" in reasons["d.png"]


def test_a_label_that_no_file_can_hold_is_left_out(tmp_path: Path) -> None:
    """An evaluation would end in a traceback after all was read, when its report is written."""
    root = files(tmp_path, "a.png", "b.png")
    rows = '{"file_name": "a.png", "text": "a\\ud83d"}\n{"file_name": "b.png", "text": "b"}\n'
    (root / "metadata.jsonl").write_text(rows)
    reader = ListingReader(root, ListingOptions())
    assert [sample.text for sample in reader] == ["b"]
    assert "half of a surrogate pair" in reader.problems[0].reason


def test_malformed_rows_are_told_by_line(tmp_path: Path) -> None:
    """A tab or comma too many would put a part of the label into the group."""
    root = files(tmp_path, "a.png", l__tsv="a.png\tx\na.png\tx\ty\tz\n", l__csv='path,text\na.png,x\na.png,"y\nz",1\n')
    assert told(root / "l.tsv") == {"l.tsv:2": "has 4 columns: path, label and group are read"}
    assert told(root / "l.csv") == {
        "l.csv:3": "has 3 columns instead of 2: the quotation mark opened in line 3 is closed in line 4"
    }


def test_a_quotation_mark_that_stays_open_is_told_where_it_opens(tmp_path: Path) -> None:
    """Inches in one label would cost all that follow, with a message about the last line of the list."""
    rows = "".join(f"{k}.png,label\n" for k in range(2, 12))
    root = files(tmp_path, "0.png", "1.png", "2.png", open__csv=f'path,text\n0.png,x\n1.png,"6 inch\n{rows}')
    assert found(root / "open.csv") == {"0.png": "x"}
    assert told(root / "open.csv") == {
        "open.csv:3": "has a label of several lines: the quotation mark opened in line 3 is never closed"
    }
    files(tmp_path, two__csv='path,text\n0.png,x\n1.png,"6 inch\n\n2.png\n"\n2.png,y\n')
    assert found(root / "two.csv") == {"0.png": "x", "2.png": "y"}
    (reason,) = told(root / "two.csv").values()
    assert reason.endswith("the quotation mark opened in line 3 is closed in line 6")


def test_what_else_stands_in_a_csv_may_have_several_lines(tmp_path: Path) -> None:
    """A column of notes would cost the samples that it is about, and later rows be counted wrong."""
    root = files(tmp_path, "a.png", notes__csv='path,text,note\na.png,x,"one\ntwo"\nb.png,y,\n')
    assert found(root / "notes.csv") == {"a.png": "x"}
    assert told(root / "notes.csv") == {"notes.csv:4": "b.png does not exist"}


def test_a_cell_above_the_limit_costs_its_row_alone(tmp_path: Path) -> None:
    """One broken cell would refuse the whole list."""
    root = files(tmp_path, "a.png", "b.png", l__csv=f'path,text\na.png,"{"x" * 200_000}"\nb.png,y\n')
    assert found(root / "l.csv") == {"b.png": "y"}
    assert told(root / "l.csv") == {"l.csv:2": "has a cell of more than 131072 characters"}


def test_blanks_behind_commas_are_no_labels(tmp_path: Path) -> None:
    """`0.png, "Hello, world"` would be three columns."""
    root = files(tmp_path, "0.png", l__csv='path, text\n0.png, "Hello, world"\n')
    assert found(root / "l.csv") == {"0.png": "Hello, world"}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("path\tlabel\twriter", 'a.png\t"x" y\tanna'),
        ("text\tWriter\tpath\tnote", '"x" y\tanna\ta.png'),
        ("Writer\tfilename\ttext\tnote", 'anna\ta.png\t"x" y\tseen'),
    ],
)
def test_columns_of_a_tsv_have_the_names_of_its_first_line(header: str, row: str, tmp_path: Path) -> None:
    """`group=writer` would be unknown, or every row a problem."""
    root = files(tmp_path, "a.png", l__tsv=f"{header}\n{row}\na.png\t1\t2\t3\t4\n")
    (sample,) = read(root / "l.tsv", group="writer")
    assert (sample.id, sample.text, sample.group) == ("a.png", '"x" y', "anna")
    assert told(root / "l.tsv") == {"l.tsv:3": f"has 5 columns instead of {len(header.split(chr(9)))}"}


def test_a_label_that_is_a_word_of_headers_is_a_label(tmp_path: Path) -> None:
    """The first sample would be lost."""
    root = files(tmp_path, "a.png", "b.png", l__tsv="a.png\ttext\nb.png\tname\n", m__tsv="a.png\tname\n")
    assert found(root / "l.tsv") == {"a.png": "text", "b.png": "name"}
    assert found(root / "m.tsv") == {"a.png": "name"}


def test_names_in_another_form_of_unicode_are_the_same_names(tmp_path: Path) -> None:
    """What went through a Mac would have no labels, since ü is two characters there."""
    folder, decomposed = tmp_path / "beside", unicodedata.normalize("NFD", "grüße")
    files(folder, f"{decomposed}.png")
    (folder / "grüße.gt.txt").write_text("x")
    assert found(folder) == {f"{decomposed}.png": "x"}
    (folder / "list.tsv").write_text("grüße.png\tx\n", "utf-8")
    assert found(folder / "list.tsv") == {"grüße.png": "x"}


def test_labels_of_binarized_images_are_those_of_the_page(tmp_path: Path) -> None:
    """OCRopus' own layout could not be read; an image of that very name goes first."""
    root = files(tmp_path, "010001.bin.png", "2.png", "2.bin.png", **{"010001__gt__txt": "x", "2__gt__txt": "y"})
    assert found(root) == {"010001.bin.png": "x", "2.png": "y"}
    assert told(root) == {"2.bin.png": "has no 2.bin.gt.txt"}


def test_a_folder_with_a_list_and_labels_beside_images_is_refused(tmp_path: Path) -> None:
    """One stray label file, and a whole list would not be read, without a word."""
    root = files(tmp_path, "a.png", "sub/b.png", labels__tsv="a.png\tx\n")
    (root / "sub" / "b.gt.txt").write_text("y")
    with pytest.raises(AnnotationError, match=r"labels\.tsv and labels beside images, sub.b\.gt\.txt: name the list"):
        read(root)
    assert found(root / "labels.tsv") == {"a.png": "x"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("labels.csv", b"picture,words spoken\na.png,x\n", "columns picture, words spoken; name one of them path"),
        ("labels.csv", b"", "columns (none)"),
        ("labels.csv", b'path,text\na.png,"' + b"x" * 200_000, "labels.csv:2 has a cell of more than"),
        ("labels.tsv", b"a.png\tx\nb.png\t\xff\n", "labels.tsv:2 is not UTF-8"),
        ("labels.tsv", b"\x89PNG\0", "is not UTF-8"),
        ("labels.tsv", b"\0\0\0\0", "is not text"),
        ("labels.tsv", b"", "labels.tsv has no usable sample: it has no row"),
        ("labels.csv", b"path,text\n", "labels.csv has no usable sample: it has no row"),
        ("labels.tsv", b"b.png\tx\nc.png\ty\n", "labels.tsv:1 b.png does not exist; labels.tsv:2 c.png does not exist"),
        ("labels.txt", b"../../../../etc/passwd x\n", "is not an image"),
        ("labels.txt", b"/dev/zero x\n", "does not exist"),
    ],
)
def test_a_list_that_gives_nothing_says_why(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    """An empty training set would be the only sign."""
    files(tmp_path, "a.png")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AnnotationError) as caught:
        read(tmp_path / name)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_or_folder_that_is_not_there(tmp_path: Path) -> None:
    """A slip in the command would end in a traceback, or read the wrong list."""
    files(tmp_path, labels__tsv="", sample__txt="")
    with pytest.raises(AnnotationError, match=r"did you mean labels\.tsv\?"):
        read(tmp_path / "lables.tsv")
    with pytest.raises(AnnotationError, match="does not exist"):
        read(tmp_path / "none" / "x")
    with pytest.raises(AnnotationError, match=r"labels\.tsv and sample\.txt: name the one"):
        read(tmp_path)
    (tmp_path / "bare").mkdir()
    with pytest.raises(AnnotationError, match=r"x\.gt\.txt"):
        read(tmp_path / "bare")


def many(root: Path) -> Path:
    """A list of 200 images by 20 writers."""
    names = [f"w{k % 20:02}/img_{k}.png" for k in range(200)]
    rows = "".join(f"{name}\tlabel\n" for name in names)
    return files(root, *names, labels__tsv=rows) / "labels.tsv"


def test_a_split_never_cuts_a_group_and_loses_nothing(tmp_path: Path) -> None:
    """A writer on both sides would make a model look better than it is."""
    path = many(tmp_path)
    train, validation = (read(path, split=split, group="folder", ratio=0.2) for split in ("train", "validation"))
    assert len(train) == len(list(train)) == 160
    assert len(validation) == 40
    assert not {s.group for s in train} & {s.group for s in validation}
    assert {s.id for s in train} | {s.id for s in validation} == {s.id for s in read(path)}


def test_the_seed_decides_what_is_held_out(tmp_path: Path) -> None:
    """Two runs could not be compared, or a second opinion not be had."""
    path = many(tmp_path)
    one, again, other = (found(path, split="validation", seed=seed).keys() for seed in (0, 0, 1))
    assert one == again
    assert one != other
    assert len(one) == 20


def test_what_is_held_out_hardly_changes_when_samples_are_added(tmp_path: Path) -> None:
    """A growing list would mix what was trained on into what is validated on."""
    path = many(tmp_path)
    before = found(path, split="validation").keys()
    files(tmp_path, "new.png")
    path.write_text(path.read_text() + "new.png\tx\n")
    assert len(before - found(path, split="validation").keys()) <= 1


def test_one_group_cannot_be_split(tmp_path: Path) -> None:
    """Training would silently run on nothing, or validate on what it trained on."""
    root = files(tmp_path, "a.png", "b.png", labels__tsv="a.png\tx\nb.png\ty\n")
    with pytest.raises(AnnotationError, match="one group"):
        read(root, split="train", group="folder")
    assert [len(read(root, split=split, ratio=0.001)) for split in ("train", "validation")] == [1, 1]


def test_groups_by_the_beginning_of_a_name(tmp_path: Path) -> None:
    """Words cut out of one photograph (IIIT5K: 1009_1.png, 1009_2.png) would stand on both sides."""
    names = ["train/1009_1.png", "train/1009_2.png", "train/1017_1.png", "plain.png"]
    root = files(tmp_path, *names, train__tags="".join(f"{name} x\n" for name in names))
    assert [s.group for s in read(root, group="prefix")] == ["train/1009", "train/1009", "train/1017", "plain"]


def test_an_unknown_group_lists_the_known_ones(tmp_path: Path) -> None:
    """A misspelled column would make each sample a group of its own."""
    root = files(tmp_path, "a.png", labels__csv="path,text,writer\na.png,x,anna\n")
    with pytest.raises(SpecError, match="folder, prefix, path, text, writer"):
        read(root, group="writter")


def test_a_spec_opens_it_and_workers_prepare_it(tmp_path: Path) -> None:
    """The commands could not reach what the reader can."""
    spec = parse_spec(f"listing:{many(tmp_path)}?group=folder&split=validation&ratio=0.1&seed=3")
    store = prepare(open_spec(spec), PREPROCESSING, workers=1)
    assert len(store) == 20
    with pytest.raises(SpecError, match="ratio"):
        parse_spec("listing:x?ratio=2")
