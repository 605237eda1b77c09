"""IAM, from its archives or its folders, whole or damaged."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from support import SAMPLE, png, prepare, write_tar

from gluon_htr.datasets.iam.annotations import read_forms
from gluon_htr.datasets.iam.reader import IamOptions, IamReader, aachen_forms
from gluon_htr.datasets.sample import Problem
from gluon_htr.errors import AnnotationError, ArchiveError
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="box", height=32, width=128, resample="linear")
NOISE = png(np.random.default_rng(0).integers(0, 256, (30, 80)).astype(np.uint8))

FORM = """<?xml version="1.0" encoding="iso-8859-1"?>
<form id="a01-000u" writer-id="007"><handwritten-part>
<line id="a01-000u-00" segmentation="err" text="He said, &amp;quot;caf\xe9&amp;quot;.">
<word id="a01-000u-00-00" text="He"/><word id="a01-000u-00-01" text="said"/><word id="a01-000u-00-02" text=","/>
</line></handwritten-part></form>"""


def extracted(archives: Path, root: Path) -> Path:
    """The archives as a user unpacks them."""
    for name in ("words", "lines", "xml", "ascii"):
        with tarfile.open(archives / f"{name}.tgz") as tar:
            tar.extractall(root / name, filter="data")
    return root


def folder(root: Path, xml: dict[str, str], images: dict[str, bytes]) -> Path:
    for name, text in xml.items():
        (root / "xml").mkdir(parents=True, exist_ok=True)
        (root / "xml" / name).write_text(text, encoding="latin-1")
    (root / "words").mkdir(parents=True, exist_ok=True)
    for name, content in images.items():
        (root / "words" / name).write_bytes(content)
    return root


@pytest.mark.parametrize("level", ["words", "lines"])
def test_archives_and_folders_give_the_same_samples(level: str, iam_archives: Path, tmp_path: Path) -> None:
    """Whoever skips the extraction would train on other data."""
    options = IamOptions()
    packed = {s.id: s for s in IamReader(iam_archives, level, options)}
    unpacked = {s.id: s for s in IamReader(extracted(iam_archives, tmp_path), level, options)}
    assert packed.keys() == unpacked.keys()
    assert packed
    for identity, sample in list(packed.items())[:20]:
        other = unpacked[identity]
        assert (sample.text, sample.group) == (other.text, other.group)
        assert np.array_equal(sample.image(), other.image())


def test_the_sample_is_read_whole() -> None:
    """Words would be lost, or lines misread, and nobody would notice."""
    if not SAMPLE.is_dir():
        pytest.skip("the official sample, ../shared/data/sample, is not here")
    words = {s.id: s for s in IamReader(SAMPLE / "iam", "words", IamOptions())}
    lines = {s.id: s for s in IamReader(SAMPLE / "iam", "lines", IamOptions())}
    assert (len(words), len(lines)) == (429, 48)
    assert words["b01-033-00-02"].text == "Queen"
    assert words["b01-033-00-02"].group == "089"
    assert lines["b01-033-01"].text == "their visit. The warmth of their welcome in India and"


def test_lines_have_natural_spacing_and_tokens_on_demand() -> None:
    """Models would learn to write blanks before full stops."""
    if not SAMPLE.is_dir():
        pytest.skip("the official sample, ../shared/data/sample, is not here")
    lines = {s.id: s.text for s in IamReader(SAMPLE / "iam", "lines", IamOptions(text="tokens"))}
    assert lines["b01-033-01"] == "their visit . The warmth of their welcome in India and"


def test_without_xml_the_ascii_tables_serve(iam_archives: Path, tmp_path: Path) -> None:
    """A user who only fetched ascii.tgz could not train."""
    extracted(iam_archives, tmp_path)
    whole = {s.id: s.text for s in IamReader(tmp_path, "lines", IamOptions())}
    (tmp_path / "xml").rename(tmp_path / "elsewhere")
    tables = {s.id: s.text for s in IamReader(tmp_path, "lines", IamOptions())}
    assert tables.keys() == whole.keys()
    same = sum(whole[identity] == text for identity, text in tables.items())
    assert same >= 0.9 * len(whole)


def test_escaped_quotation_marks_and_accents_are_characters(tmp_path: Path) -> None:
    """The alphabet would hold & and ; for each quotation mark."""
    form = read_forms(folder(tmp_path, {"a01-000u.xml": FORM}, {}), [])[0]
    assert form.lines[0].text == 'He said, "café".'
    assert form.writer == "007"


def test_doubtful_segmentation_is_kept_and_can_be_left_out(tmp_path: Path) -> None:
    """A filter would silently do nothing, or drop good words of a bad line."""
    images = {f"a01-000u-00-0{k}.png": NOISE for k in range(3)}
    root = folder(tmp_path, {"a01-000u.xml": FORM}, images)
    assert len(list(IamReader(root, "words", IamOptions()))) == 3
    assert not list(IamReader(root, "words", IamOptions(segmentation="ok")))
    (root / "ascii").mkdir()
    (root / "ascii" / "words.txt").write_text("a01-000u-00-01 ok 154 1 1 9 9 NN said\n")
    assert [s.id for s in IamReader(root, "words", IamOptions(segmentation="ok"))] == ["a01-000u-00-01"]


def test_splits_never_share_a_form() -> None:
    """Scores would be of writers that were trained on."""
    parts = [aachen_forms(split) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [747, 116, 336]
    assert len(frozenset.union(*parts)) == 747 + 116 + 336


def test_a_split_chooses_its_forms(iam_archives: Path) -> None:
    """Training would see validation forms."""
    train = {s.id.rsplit("-", 2)[0] for s in IamReader(iam_archives, "words", IamOptions(split="train"))}
    rest = {s.id.rsplit("-", 2)[0] for s in IamReader(iam_archives, "words", IamOptions(split="validation"))}
    assert train
    assert train <= aachen_forms("train")
    assert not train & rest


HOSTILE = {
    "billion laughs": '<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><form id="x"><handwritten-part/>&b;</form>',
    "external entity": '<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><form id="x">&a;</form>',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_xml_is_refused_and_the_rest_is_read(text: str, tmp_path: Path) -> None:
    """A download could fill the memory or read local files; or one bad form would cost all others."""
    problems: list[Problem] = []
    forms = read_forms(folder(tmp_path, {"x.xml": text, "a01-000u.xml": FORM}, {}), problems)
    assert [form.id for form in forms] == ["a01-000u"]
    assert [problem.id for problem in problems] == ["x.xml"]
    assert "entities" in problems[0].reason


@pytest.mark.parametrize("text", ["", "<form", "<form id='x'></form>", "not xml at all"])
def test_broken_xml_is_counted_and_survived(text: str, tmp_path: Path) -> None:
    """One broken file of 1,539 would stop a training."""
    problems: list[Problem] = []
    assert len(read_forms(folder(tmp_path, {"x.xml": text, "a01-000u.xml": FORM}, {}), problems)) == 1
    assert len(problems) == 1


def test_malformed_rows_are_counted_with_their_line(tmp_path: Path) -> None:
    """A table edited by hand would lose words in silence."""
    root = folder(tmp_path, {}, {"a01-000u-00-00.png": NOISE})
    (root / "ascii").mkdir()
    (root / "ascii" / "words.txt").write_text("# a comment\na01-000u-00-00 ok 154 1 1 9 9 NN He\na01-000u-00-01 ok\n")
    problems: list[Problem] = []
    assert len(read_forms(root, problems)) == 1
    assert [problem.id for problem in problems] == ["words.txt:3"]


def test_broken_and_missing_images_are_listed_and_the_rest_prepared(tmp_path: Path) -> None:
    """IAM itself has two broken words: they would stop everything, or vanish without a word."""
    images = {"a01-000u-00-00.png": NOISE, "a01-000u-00-01.png": b""}
    reader = IamReader(folder(tmp_path, {"a01-000u.xml": FORM}, images), "words", IamOptions())
    store = prepare(reader, PREPROCESSING, workers=0)
    assert store.ids == ["a01-000u-00-00"]
    assert {problem.id for problem in store.problems} == {"a01-000u-00-01", "a01-000u-00-02"}


def test_a_truncated_archive_says_so(iam_archives: Path, tmp_path: Path) -> None:
    """A half download would be taken for the whole data set."""
    for name in ("xml", "ascii"):
        (tmp_path / f"{name}.tgz").write_bytes((iam_archives / f"{name}.tgz").read_bytes())
    content = (iam_archives / "words.tgz").read_bytes()
    (tmp_path / "words.tgz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ArchiveError, match="truncated"):
        list(IamReader(tmp_path, "words", IamOptions()))


def test_a_folder_without_iam_says_what_to_do(tmp_path: Path) -> None:
    """A wrong path would be an empty training set."""
    with pytest.raises(AnnotationError, match="gluon-htr download"):
        IamReader(tmp_path / "none", "words", IamOptions())
    with pytest.raises(AnnotationError, match="gluon-htr download"):
        IamReader(tmp_path, "words", IamOptions())
    write_tar(tmp_path / "words.tgz", {"a01/a01-000u/a01-000u-00-00.png": NOISE})
    with pytest.raises(AnnotationError, match="no transcriptions"):
        IamReader(tmp_path, "words", IamOptions())
