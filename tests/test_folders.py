"""Folders as people have them: with links into other disks, links in circles, and what editors leave behind."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gluon_htr._folders import files_below, walk
from gluon_htr.datasets.files import folder_files
from gluon_htr.datasets.listing.reader import ListingOptions, ListingReader
from gluon_htr.datasets.pages import PagesOptions, open_pages
from gluon_htr.synthesis.texts.corpora import read_corpus

PAGE = (
    '<PcGts><Page imageFilename="p.png" imageWidth="60" imageHeight="20"><TextLine id="l"><Coords '
    'points="0,0 60,0 60,20 0,20"/><TextEquiv><Unicode>word</Unicode></TextEquiv></TextLine></Page></PcGts>'
)


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with nothing but a link to one that lies elsewhere and has a sample of each kind."""
    disk, source = tmp_path / "disk", tmp_path / "source"
    disk.mkdir()
    source.mkdir()
    Image.fromarray(np.full((20, 60), 200, np.uint8)).save(disk / "p.png")
    (disk / "p.gt.txt").write_text("word")
    (disk / "p.xml").write_text(PAGE)
    (disk / "book.txt").write_text("One paragraph of running text, which is long enough to be none of the headings.")
    (source / "batch1").symlink_to(Path("..", "disk"))
    return source


def test_a_linked_folder_is_read_by_every_reader(linked: Path) -> None:
    """Whoever keeps images on another disk would train on part of them, without a word."""
    assert [sample.id for sample in ListingReader(linked, ListingOptions())] == ["batch1/p.png"]
    assert [sample.id for sample in open_pages(linked, PagesOptions())] == ["batch1/p/l"]
    assert folder_files(linked, (".png",)) == {"p": str(linked / "batch1" / "p.png")}  # IAM's archives, unpacked
    assert "running text" in read_corpus(linked).text


def test_links_in_a_circle_end_and_a_folder_with_two_names_is_read_once(tmp_path: Path) -> None:
    """Samples would be there forty times, until the system refuses longer paths."""
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for file in ("b/deep/x.txt", "b/y.txt", "z.txt"):
        (tmp_path / file).touch()
    (tmp_path / "b" / "deep" / "up").symlink_to(tmp_path)
    (tmp_path / "c").symlink_to("b")
    found = [(os.path.relpath(folder, tmp_path), names) for folder, names in walk(tmp_path)]
    assert found == [(".", ["z.txt"]), ("b", ["y.txt"]), (os.path.join("b", "deep"), ["x.txt"])]


def test_what_begins_with_a_dot_is_left_out_below_a_folder_but_not_the_folder(tmp_path: Path) -> None:
    """Copies by editors and macOS (`._a.png`) would be broken samples; data below ~/.cache would be nothing."""
    root = tmp_path / ".cache"
    (root / ".ipynb_checkpoints").mkdir(parents=True)
    for file in (".ipynb_checkpoints/a.txt", "._a.txt", "a.TXT", "b.png"):
        (root / file).touch()
    assert files_below(root, (".txt",)) == [root / "a.TXT"]
