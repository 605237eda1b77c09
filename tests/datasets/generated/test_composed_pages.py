"""Pages composed of prepared lines, with the place of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from support import png

from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.datasets.packing import pack
from gluon_htr.datasets.provenance import public_name
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import DataError
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="height", height=48, width=1024)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines and words of three writers: letters of 20 pixels with feet on one row, and a stroke below it."""
    root, random = tmp_path_factory.mktemp("lines"), np.random.default_rng(0)
    rows = []
    for number in range(36):
        letters = int(random.integers(20, 40)) if number < 24 else 3
        image = np.full((48, 14 * letters + 8), 250, np.uint8)
        for letter in range(letters):
            left = 6 + 14 * letter
            image[16:32, left : left + 3] = 20  # feet on row 32
            image[29:32, left : left + 9] = 20
        image[32:42, 6:9] = 20
        (root / f"{number}.png").write_bytes(png(image))
        rows.append(f"{number}.png\tline {number}\twriter{number % 3}")
    (root / "labels.tsv").write_text("\n".join(["path\ttext\tgroup", *rows]), "utf-8")
    pack(f"listing:{root / 'labels.tsv'}", root / "lines.pkl", PREPROCESSING, workers=0)
    return root / "lines.pkl"


def test_every_line_is_where_its_place_says(prepared: Path) -> None:
    """A network would learn to find lines beside the writing."""
    reader = LayoutReader(f"composed-pages:{prepared}?count=24&seed=5")
    pages = list(reader)
    assert len(reader) == len(pages) == 24
    assert all(len(page.lines) == len(page.texts) >= 2 for page in pages)
    for page in pages:
        pixels = page.image().astype(int)
        within = Image.new("1", pixels.shape[::-1])
        for line in page.lines:
            ImageDraw.Draw(within).polygon([tuple(point) for point in line.polygon], fill=1)
            assert (np.diff(line.baseline[:, 0]) > 0).all()
            x, y = line.baseline.T.round().astype(int)
            inside = (y > 4) & (y < pixels.shape[0] - 4)
            feet = [pixels[y[k] - 4 : y[k] + 3, max(0, x[k] - 7) : x[k] + 7].min() for k in np.flatnonzero(inside)]
            assert np.median(feet) < 110, "the letters stand on the baseline"
        ink = pixels < 60
        assert (ink & np.asarray(within)).sum() > 0.95 * ink.sum()


def test_layouts_vary(prepared: Path) -> None:
    """A network trained on letters alone would fail on tables and double pages."""
    pages = list(LayoutReader(f"composed-pages:{prepared}?count=40"))
    shapes = [page.image().shape for page in pages]
    assert sum(width > height for height, width in shapes) >= 3, "double pages"
    starts = [np.array([line.baseline[0, 0] for line in page.lines]) for page in pages]
    assert sum(np.ptp(start) > 0.5 * width for start, (_, width) in zip(starts, shapes)) >= 8, "columns and tables"
    darkest = {int(page.image()[:20].mean()) // 10 for page in pages}
    assert len(darkest) > 3, "papers differ"


def test_a_page_is_the_same_for_the_same_spec(prepared: Path) -> None:
    """Trainings could not be repeated."""
    first, again, other = (
        next(iter(LayoutReader(f"composed-pages:{prepared}?count={count}&seed={seed}")))
        for count, seed in ((1, 3), (9, 3), (1, 4))
    )
    assert np.array_equal(first.image(), again.image())
    assert first.texts == again.texts
    assert first.image().shape != other.image().shape or not np.array_equal(first.image(), other.image())


def test_terms_are_those_of_the_lines(prepared: Path) -> None:
    """Weights trained on restricted lines would be passed on as free."""
    assert public_name(f"composed-pages:{prepared}?count=3").startswith("listing")


def test_pages_have_their_whole_text(prepared: Path) -> None:
    """The text of a page would be that of another one."""
    sample = next(iter(open_spec(parse_spec(f"composed-pages:{prepared}?count=1"))))
    page = next(iter(LayoutReader(f"composed-pages:{prepared}?count=1")))
    assert sample.text == "\n".join(page.texts)
    assert np.array_equal(sample.image(), page.image())


def test_words_alone_are_refused(tmp_path: Path) -> None:
    """A page without lines would be drawn again and again."""
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(png(np.tile(np.array([20, 250], np.uint8), (40, 30))))
        (tmp_path / f"{number}.gt.txt").write_text("word", "utf-8")
    pack(f"listing:{tmp_path}", tmp_path / "words.pkl", PREPROCESSING, workers=0)
    with pytest.raises(DataError, match="4 lines"):
        LayoutReader(f"composed-pages:{tmp_path / 'words.pkl'}")
