"""Notebooks run from the first cell to the last, and draw what they announce."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from characters import write_emnist
from PIL import Image
from support import PROJECT, SAMPLE
from workspace import write_iam

NOTEBOOKS = sorted((PROJECT / "examples" / "notebooks").glob("[a-z]*.py"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small data at the places of the real ones: IAM's sample where it is, else drawn words."""
    folder = tmp_path_factory.mktemp("data")
    if (SAMPLE / "iam" / "words.tgz").is_file():
        for name in ("words", "lines", "xml", "ascii"):
            with tarfile.open(SAMPLE / "iam" / f"{name}.tgz") as archive:
                archive.extractall(folder / "iam" / name, filter="data")
        for name in ("train-forms.txt", "validation-forms.txt"):
            shutil.copy(SAMPLE / "iam" / name, folder / "iam")
    else:
        write_iam(folder / "iam")
    (folder / "emnist").mkdir()
    write_emnist(folder / "emnist", "AB12ab" * 12)
    return folder


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_its_pictures(
    notebook: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newcomer would meet an error in a cell, or a blank picture."""
    if "images.augmentation import" in notebook.read_text("utf-8"):
        pytest.importorskip("cv2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA", str(data))
    monkeypatch.syspath_prepend(str(notebook.parent))
    monkeypatch.delitem(__import__("sys").modules, "_sheets", raising=False)
    runpy.run_path(str(notebook), run_name="__main__")
    announced = re.findall(r'^show\(.*"([\w-]+)"\)$', notebook.read_text("utf-8"), re.MULTILINE)
    printed = capsys.readouterr().out
    for name in announced:
        with Image.open(tmp_path / "pictures" / f"{name}.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 5, f"{name} is blank"
            shown = PROJECT / "docs" / "pictures" / f"{name}.png"
            assert not shown.is_file() or alike(picture, shown), f"{shown} is old: copy what {notebook} draws"
    assert announced or "958321704081994" in printed
    if notebook.stem == "look_at_ctc":
        assert "··r··e··a" in printed
        assert "\nreading\n" in printed


def alike(picture: Image.Image, shown: Path) -> bool:
    """Compare with a picture of the documents, which has fewer colors."""
    with Image.open(shown) as other:
        pixels = [np.asarray(each.convert("L"), float) for each in (picture, other)]
    return pixels[0].shape == pixels[1].shape and float(np.abs(pixels[0] - pixels[1]).mean()) < 3


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_in_the_percent_format(notebook: Path) -> None:
    """Editors would show one long cell, or prose as code."""
    cells = re.split(r"^# %%", notebook.read_text("utf-8"), flags=re.MULTILINE)
    assert cells[0] == ""
    for cell in cells[1:]:
        kind, _, body = cell.partition("\n")
        assert kind in ("", " [markdown]")
        if kind:
            assert all(line.startswith("#") for line in body.strip().splitlines())
        else:
            ast.parse(body)
