"""Validation parts of known collections, and the convention of their texts."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image
from support import PROJECT

from gluon_htr.datasets.layout.pages import open_pages_layout
from gluon_htr.datasets.pages import PagesOptions, PagesReader, open_pages
from gluon_htr.datasets.splits import held_out_pages
from gluon_htr.errors import AnnotationError

COLLECTIONS = PROJECT.parent / "shared" / "data" / "pages-more"


def read(root: Path, **options: object) -> PagesReader:
    return open_pages(root, PagesOptions(**options))  # type: ignore[arg-type]


def page(root: Path, name: str, *texts: str) -> Path:
    """A PAGE file of lines l0, l1, … with these texts, and its image."""
    root.mkdir(parents=True, exist_ok=True)
    boxes = [f"9,{60 * k} 190,{60 * k} 190,{60 * k + 40} 9,{60 * k + 40}" for k in range(len(texts))]
    lines = "".join(
        f'<TextLine id="l{k}"><Coords points="{box}"/><TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>'
        for k, (box, text) in enumerate(zip(boxes, texts))
    )
    (root / f"{name}.xml").write_text(f'<PcGts><Page imageFilename="{name}.png">{lines}</Page></PcGts>', "utf-8")
    Image.fromarray(np.full((200, 200), 180, np.uint8)).save(root / f"{name}.png")
    return root


def test_pages_of_a_known_collection_are_held_out(tmp_path: Path) -> None:
    """A model would be scored on pages that it was trained on."""
    held = min(held_out_pages()["washington"])
    for name in (held, "gw_999"):
        page(tmp_path / "washington" / "train", name, "word")
    root = tmp_path / "washington"
    assert [sample.id for sample in read(root, split="train")] == ["gw_999/l0"]
    assert [sample.id for sample in read(root, split="validation")] == [f"{held}/l0"]
    assert len(read(root)) == 2
    with pytest.raises(AnnotationError, match="no folder test"):
        read(root, split="test")


def test_a_folder_of_that_name_with_parts_of_its_own_keeps_them(tmp_path: Path) -> None:
    """Somebody's own parts would be overruled by a list that was made for other pages."""
    held = min(held_out_pages()["washington"])
    root = tmp_path / "washington"
    page(root / "train", held, "word")
    page(root / "validation", "gw_999", "word")
    assert [sample.id for sample in read(root, split="train")] == [f"{held}/l0"]
    assert [sample.id for sample in read(root, split="validation")] == ["gw_999/l0"]
    for number in range(12):
        page(tmp_path / "timeus", f"own-{number}", "word")  # no folder train: by ratio
    assert len(read(tmp_path / "timeus", split="validation")) == 1


def test_every_listed_page_is_there_and_most_pages_are_not_listed() -> None:
    """A misspelled page would be trained on in silence, or a collection have nothing to train on."""
    if not COLLECTIONS.is_dir():
        pytest.skip("the collections, ../shared/data/pages-more, are not here")
    for collection, held in held_out_pages().items():
        with zipfile.ZipFile(COLLECTIONS / f"{collection}-train.zip") as archive:
            pages = {PurePosixPath(name).stem for name in archive.namelist() if name.endswith(".xml")}
        assert held <= pages, collection
        assert len(held) <= max(1, len(pages) // 5), collection


def test_the_lines_and_the_layout_of_a_folder_have_the_same_pages_held_out(tmp_path: Path) -> None:
    """A page would train the recognizer, and be scored as one that nothing was trained on."""
    pytest.importorskip("shapely")
    for number in range(40):
        texts = ["a line"] * (1 + (7 * number) % 3)
        page(tmp_path / "pages", f"sheet-{number:02}", *texts)
    for seed in range(5):
        lines = read(tmp_path / "pages", split="validation", seed=seed)
        layout = open_pages_layout(tmp_path / "pages", PagesOptions(split="validation", seed=seed))
        held = {sample.id.partition("/")[0] for sample in lines}
        assert held == {sample.id for sample in layout}
        assert len(held) == 4


def test_a_page_without_lines_is_told(tmp_path: Path) -> None:
    """Blank pages would vanish from training and scores without a word."""
    pytest.importorskip("shapely")
    page(tmp_path / "pages", "one", "a line")
    layout = open_pages_layout(page(tmp_path / "pages", "blank"), PagesOptions())
    assert [sample.id for sample in layout] == ["one"]
    assert [(problem.id, problem.reason) for problem in layout.problems] == [("blank", "has no lines")]


def test_texts_follow_one_convention_or_stay_as_they_were(tmp_path: Path) -> None:
    """Editors' marks would be learned, or a user who wants them could not have them."""
    root = page(tmp_path, "a", "M^e Roux¬", "un &lt;...&gt; mot", "")
    plain = read(root)
    assert [sample.text for sample in plain] == ["Me Roux-"]
    assert [(p.id, p.reason[:10]) for p in plain.problems] == [("a/l1", "has an unr"), ("a/l2", "has no tex")]
    assert [sample.text for sample in read(root, text="transcribed")] == ["M^e Roux¬", "un <...> mot"]
