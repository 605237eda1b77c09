"""Lines with paper around them, as people photograph them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support import PROJECT

import gluon_htr
from gluon_htr.images.framing import ink_bounds

TEXT = "Dear reader, nobody has ever written this line by hand."


@pytest.fixture(scope="module")
def line() -> np.ndarray:
    return np.asarray(Image.open(PROJECT / "examples" / "line.png").convert("L"))


def on_sheet(line: np.ndarray, above: float, beside: float) -> np.ndarray:
    """The line in the middle of blank paper. above, beside: paper on each side, in heights of the line."""
    down, right = int(above * len(line)), int(beside * len(line))
    return np.pad(line, ((down, down), (right, right)), constant_values=int(np.median(line)))


@pytest.mark.parametrize(("above", "beside"), [(0.5, 0), (1, 0), (3, 2), (8, 8)])
def test_a_line_in_the_middle_of_a_sheet_is_read(line: np.ndarray, above: float, beside: float) -> None:
    """Whoever photographs a line with the paper around it would get nonsense."""
    assert gluon_htr.load().read(on_sheet(line, above, beside)).text == TEXT


def test_characters_are_where_they_are_in_the_photograph(line: np.ndarray) -> None:
    """Marks drawn around the letters would stand beside them."""
    recognizer = gluon_htr.load()
    tight, loose = recognizer.read(line).characters, recognizer.read(on_sheet(line, 2, 4)).characters
    assert len(tight) == len(loose)
    for one, other in zip(tight, loose):
        assert other.left - 4 * len(line) == pytest.approx(one.left, abs=0.3 * len(line))


@pytest.mark.parametrize("shade", [0, 60])
def test_rules_and_shadows_are_not_ink(line: np.ndarray, shade: int) -> None:
    """Ruled paper under a lamp would be taken whole."""
    sheet = on_sheet(line, 3, 0).astype(float)
    sheet[:: len(line)] = 120
    sheet -= np.linspace(0, shade, sheet.shape[1])
    rows, _ = ink_bounds(sheet.clip(0, 255).astype(np.uint8))
    assert abs(rows.start - 3 * len(line)) < 0.3 * len(line)
    assert abs(rows.stop - 4 * len(line)) < 0.3 * len(line)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (40, 300), (3000, 4000)])
def test_blank_paper_and_crops_without_margins_stay_whole(line: np.ndarray, shape: tuple[int, int]) -> None:
    """What has no ink cannot be cut to it; and training data would be read differently from how it was learned."""
    for image in (np.full(shape, 200, np.uint8), np.zeros(shape, np.uint8), line):
        assert ink_bounds(image) == (slice(0, image.shape[0]), slice(0, image.shape[1]))


def test_a_ruled_margin_is_not_ink_and_upright_letters_are(line: np.ndarray) -> None:
    """A margin would keep the paper around a line; and what is typed `lo` or `118` would lose its upright strokes."""
    sheet = on_sheet(line, 2, 2)
    sheet[:, len(line) : len(line) + 3] = 90
    rows, columns = ink_bounds(sheet)
    assert rows.start > 1.5 * len(line)
    assert columns.start > len(line)
    for low in (0, 20):  # of a round letter beside five upright ones: as tall as they are, or half of that
        typed = np.full((40, 150), 255, np.uint8)
        typed[:, 6:106:20] = typed[:, 7:107:20] = 0
        typed[low:, 120] = typed[low:, 140] = typed[low, 120:140] = typed[-1, 120:140] = 0
        assert ink_bounds(typed) == (slice(0, 40), slice(0, 150))


def test_noise_is_no_reason_to_cut(line: np.ndarray) -> None:
    """A grainy photograph of a tight crop would lose its ends."""
    grain = np.random.default_rng(0).normal(0, 12, line.shape)
    grainy = (line + grain).clip(0, 255).astype(np.uint8)
    assert ink_bounds(grainy) == (slice(0, line.shape[0]), slice(0, line.shape[1]))
