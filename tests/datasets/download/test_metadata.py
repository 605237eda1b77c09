"""`metadata.toml`: the data sets that `download` knows, and the command that updates their checksums."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from archive_server import ArchiveServer

from gluon_htr import download
from gluon_htr.datasets.download.catalog import DATASETS, METADATA, parse_metadata
from gluon_htr.errors import ConfigurationError


@pytest.fixture
def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the file that ships."""
    copy = tmp_path / "metadata.toml"
    shutil.copyfile(METADATA, copy)
    monkeypatch.setattr(download, "METADATA", copy)
    return copy


@pytest.fixture
def update(metadata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `download --update-checksums` for a data set in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda name, *more: download.main(["--dataset", name, "--update-checksums", *map(str, more)])


def test_checksums_are_fetched_and_written_for_every_set_with_the_file(
    update, metadata: Path, archive_server: ArchiveServer, iam_archives: Path, monkeypatch, capsys
) -> None:
    """A maintainer would type 64 digits, forget a set with the same file, or lose the comments of the file."""
    monkeypatch.setenv("GLUON_HTR_PASSWORD", archive_server.password)
    before = metadata.read_text("utf-8")
    assert update("iam-words", "--base-url", archive_server.url, "--user", archive_server.user) == 0
    printed, after = capsys.readouterr().out, parse_metadata(metadata.read_text("utf-8"), "it")
    for name in ("words.tgz", "xml.tgz", "ascii.tgz"):
        content = (iam_archives / name).read_bytes()
        expected = (len(content), hashlib.sha256(content).hexdigest())
        sets = [each for each in after.values() if each.base_url == DATASETS["iam-words"].base_url]
        entries = [file for each in sets for file in each.files if file.name == name]
        assert {(file.size, file.sha256) for file in entries} == {expected}
        assert f"{name}\t{expected[0]}\t{expected[1]}\n" in printed
    changed = [a != b for a, b in zip(before.splitlines(), metadata.read_text("utf-8").splitlines(), strict=True)]
    assert sum(changed) == 7  # words.tgz once, xml.tgz and ascii.tgz in three sets each
    assert not list(Path("data").rglob("*.tgz*"))


def test_a_changed_file_is_pointed_out(update, metadata: Path, tmp_path: Path, capsys) -> None:
    """A maintainer would sign off an altered archive."""
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(b"another file")
    assert update("mnist", "--archive", tmp_path / "t10k-labels-idx1-ubyte.gz") == 0
    assert "t10k-labels-idx1-ubyte.gz changed" in capsys.readouterr().err
    files = {file.name: file for file in parse_metadata(metadata.read_text("utf-8"), "it")["mnist"].files}
    assert files["t10k-labels-idx1-ubyte.gz"].size == len(b"another file")
    assert files["train-labels-idx1-ubyte.gz"] in DATASETS["mnist"].files


def test_a_file_that_is_laid_out_otherwise_is_refused_and_stays(update, metadata: Path, tmp_path: Path) -> None:
    """The command would say that it wrote what it did not."""
    text = metadata.read_text("utf-8").replace('{ filename = "char.zip"', '{ folder = "a", filename = "char.zip"')
    text = text.replace(', folder = "icdar2003" }', " }")
    metadata.write_text(text, "utf-8")
    (tmp_path / "char.zip").write_bytes(b"PK")
    with pytest.raises(ConfigurationError, match="needs a line"):
        update("icdar2003-characters", "--archive", tmp_path / "char.zip")
    assert metadata.read_text("utf-8") == text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[a]\ntitle = 1", r"\[a\].*title"),
        ('[a]\ntitle = "x"\nurl = "y"\nroot = "z"\nterms = ""\nfiles = [{ name = "f" }]', "filename|name"),
        ('[a]\ntitle = "x"\nurl = "y"\nroot = "z"\nterms = ""\nfiles = [{ filename = "f", sha256 = "12" }]', "sha256"),
        ("a = 1", "a is not a table"),
        ("[a", "end of a table"),
    ],
)
def test_a_faulty_description_is_refused_by_table_and_key(text: str, named: str) -> None:
    """A typing error would show as a download that checks nothing."""
    with pytest.raises(ConfigurationError, match=named):
        parse_metadata(text, "metadata.toml")


def test_a_download_says_which_files_were_not_checked(
    archive_server: ArchiveServer, tmp_path: Path, monkeypatch, capsys
) -> None:
    """A user would believe that every file is compared with a published SHA-256."""
    monkeypatch.setenv("GLUON_HTR_PASSWORD", archive_server.password)
    place = ["--base-url", archive_server.url, "--user", archive_server.user, "--root", str(tmp_path / "iam")]
    assert download.main(["--dataset", "iam-words", *place]) == 0
    assert "no SHA-256 is known for words.tgz, xml.tgz, ascii.tgz" in capsys.readouterr().err
