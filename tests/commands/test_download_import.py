"""Archives that the user has already: `download --archive`."""

from __future__ import annotations

import gzip
import shutil

import pytest
from downloads import complete, inside, unpacked
from support import refusal

FILES = ("words.tgz", "xml.tgz", "ascii.tgz")


def test_own_archives_are_imported_without_a_network(command, iam_archives, tmp_path):
    """Whoever has the files could not use them while the site is down."""
    shutil.copy(iam_archives / "words.tgz", tmp_path / "words (1).tgz")
    (tmp_path / "xml.tar").write_bytes(gzip.decompress((iam_archives / "xml.tgz").read_bytes()))
    given = [tmp_path / "words (1).tgz", tmp_path / "xml.tar", iam_archives / "ascii.tgz"]
    result = command("download", "--dataset", "iam-words", "--archive", *given)
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "data" / "iam", iam_archives)
    assert all(path.is_file() for path in given)


def test_a_partial_import_says_what_is_missing(command, iam_archives, tmp_path):
    """The user would find out in training that the transcriptions are not there."""
    result = command(
        "download", "--dataset", "iam-words", "--root", tmp_path / "iam", "--archive", iam_archives / "words.tgz"
    )
    assert result.returncode == 1
    assert "lacks xml.tgz, ascii.tgz" in result.stderr
    assert unpacked(tmp_path / "iam" / "words") == inside(iam_archives / "words.tgz")


def test_pages_in_three_archives_become_one_folder_or_none(command, iam_archives, tmp_path):
    """Some of the forms would be taken for all."""
    names = ("formsA-D.tgz", "formsE-H.tgz", "formsI-Z.tgz")
    given = [shutil.copy(iam_archives / source, tmp_path / name) for name, source in zip(names, FILES)]
    arguments = ["download", "--dataset", "iam-forms", "--root", tmp_path / "iam", "--archive"]
    assert command(*arguments, *given[:2]).returncode == 1
    assert not (tmp_path / "iam" / "forms").exists()
    command(*arguments, *given)
    members = {**inside(given[0]), **inside(given[1]), **inside(given[2])}
    assert unpacked(tmp_path / "iam" / "forms") == members


def test_a_file_of_another_data_set_is_refused_by_name(command, iam_archives):
    """A typing error would unpack lines as words."""
    error = refusal(command("download", "--dataset", "iam-words", "--archive", iam_archives / "lines.tgz"))
    assert "lines.tgz" in error
    assert "iam-words: words.tgz, xml.tgz, ascii.tgz" in error


def test_an_unknown_data_set_is_answered_with_the_known_ones(command):
    """The user would have to read the source to learn the names."""
    assert "iam-lines" in refusal(command("download", "--dataset", "iam"))


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><title>Login</title>", b"\x1f\x8b garbage", b"text" * 300])
def test_what_is_no_archive_is_refused_and_kept(command, tmp_path, content):
    """The user would see a traceback, or lose the file."""
    path = tmp_path / "words.tgz"
    path.write_bytes(content)
    assert "words.tgz" in refusal(command("download", "--dataset", "iam-words", "--archive", path))
    assert path.read_bytes() == content
    assert not (tmp_path / "data" / "iam" / "words").exists()
