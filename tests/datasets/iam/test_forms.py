"""Whole forms of IAM: as text, and as pages with the places of their lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from support import SAMPLE, png

from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.datasets.layout.sample import LayoutSample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError

COMPOSED = "source=composed"


def sample() -> Path:
    if not SAMPLE.is_dir():
        pytest.skip("the official sample, ../shared/data/sample, is not here")
    return SAMPLE / "iam"


def covered(page: LayoutSample) -> tuple[float, float]:
    """Proportion of the ink that is within the outlines, and of it that is above the baselines."""
    ink = page.image() < 128
    within, above = Image.new("1", ink.shape[::-1]), Image.new("1", ink.shape[::-1])
    for line in page.lines:
        ImageDraw.Draw(within).polygon([tuple(point) for point in line.polygon], fill=1)
        (x0, y0), (x1, y1) = line.baseline
        height = np.ptp(line.polygon[:, 1])
        ImageDraw.Draw(above).polygon([(x0, y0), (x1, y1), (x1, y1 - height), (x0, y0 - height)], fill=1)
    return (ink & np.asarray(within)).sum() / ink.sum(), (ink & np.asarray(above)).sum() / ink.sum()


def test_forms_are_composed_of_their_lines() -> None:
    """Whoever has lines but no scans of forms could not train on pages of IAM, or would do so with shifted lines."""
    pages = {page.id: page for page in LayoutReader(f"iam-forms:{sample()}?{COMPOSED}")}
    assert len(pages) == 7
    page = pages["b01-033"]
    assert page.group == "089"
    assert page.texts[1] == "their visit. The warmth of their welcome in India and"
    within, above = zip(*map(covered, pages.values()))
    assert min(within) > 0.97
    assert min(above) > 0.85  # the rest is below: descenders


def test_the_handwriting_is_cut_out() -> None:
    """Lines would be somewhere else on the crop."""
    whole, cut = (
        {page.id: page for page in LayoutReader(f"iam-forms:{sample()}?{COMPOSED}&region={region}")}
        for region in ("form", "handwriting")
    )
    for name, page in cut.items():
        height, width = page.image().shape
        assert height < whole[name].image().shape[0] * 0.7
        assert all((line.polygon >= 0).all() and (line.polygon <= (width, height)).all() for line in page.lines)
        assert covered(page) == pytest.approx(covered(whole[name]))


def test_scans_are_read_in_place_of_lines(tmp_path: Path) -> None:
    """A complete download would not be found, or read with the boxes of another form."""
    root = sample()
    (tmp_path / "forms").mkdir()
    (tmp_path / "xml.tgz").symlink_to(root / "xml.tgz")
    composed = {page.id: page for page in LayoutReader(f"iam-forms:{root}?{COMPOSED}")}
    for name, page in list(composed.items())[:2]:
        (tmp_path / "forms" / f"{name}.png").write_bytes(png(page.image()))
    reader = LayoutReader(f"iam-forms:{tmp_path}")
    pages = list(reader)
    assert [page.id for page in pages] == sorted(list(composed)[:2])
    assert all(np.array_equal(page.image(), composed[page.id].image()) for page in pages)
    assert {problem.reason for problem in reader.problems} == {"has no image"}


def test_a_form_has_its_whole_text() -> None:
    """Paragraphs would lose lines, or show the printed prompt as well."""
    samples = {s.id: s for s in open_spec(parse_spec(f"iam-forms:{sample()}?{COMPOSED}&region=handwriting"))}
    text = samples["b01-033"].text.splitlines()
    assert text[1] == "their visit. The warmth of their welcome in India and"
    assert samples["b01-033"].image().shape[0] < 3000


def test_without_scans_the_message_says_what_else_works(tmp_path: Path) -> None:
    """People with the usual partial download would give up."""
    (tmp_path / "lines").mkdir()
    with pytest.raises(AnnotationError, match="source=composed"):
        LayoutReader(f"iam-forms:{tmp_path}")
