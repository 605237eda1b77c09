"""A bundle is written whole or not at all, and always the same."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from letters import LETTERS

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.bundles.upgrade import current_files
from gluon_htr.bundles.writer import write_bundle
from gluon_htr.errors import StorageError, UsageError
from gluon_htr.graphs.params import pack_parameters


def contents() -> tuple:
    """Description and files of a bundle."""
    bundle = read_bundle(LETTERS)
    return bundle.description, current_files(bundle)


@pytest.mark.parametrize("name", ["copy.zip", "copy"])
def test_what_is_written_reads_the_same(name: str, tmp_path: Path) -> None:
    """A bundle would lose something on its way to the disk."""
    write_bundle(tmp_path / name, *contents())
    old, new = read_bundle(LETTERS), read_bundle(tmp_path / name)
    assert new.description.model == old.description.model
    assert new.files.keys() - {"remainder.params"} == old.files.keys() - {"model.params"}
    assert all(new.files[key] == old.files[key] for key in ("model.onnx", "symbol.json", "golden/1.png"))
    assert pack_parameters(new.pair.parameters) == old.files["model.params"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could check that a shipped bundle is the one that its run gives."""
    description, files = contents()
    write_bundle(tmp_path / "one.zip", description, files)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_bundle(tmp_path / "two.zip", description, dict(reversed(files.items())))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """A user's folder would be overwritten."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="exists already"):
        write_bundle(tmp_path / "mine", *contents())
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"


def test_a_place_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    """A full or read-only disk would leave half a bundle."""
    (tmp_path / "file").write_text("no folder")
    for name in ("file/x.zip", "file/x"):
        with pytest.raises(StorageError, match="could not be written"):
            write_bundle(tmp_path / name, *contents())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
