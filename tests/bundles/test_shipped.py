"""The bundles that come with the package."""

from __future__ import annotations

from pathlib import Path

import pytest
from letters import draw
from PIL import Image
from support import PROJECT

import gluon_htr
from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.runtime.loading import from_bundle
from gluon_htr.runtime.loading_pages import detector_of
from gluon_htr.runtime.recognizer import Recognizer
from gluon_htr.runtime.verification import verify

BUNDLES = sorted(SHIPPED.glob("*.zip"))
MOST_BYTES = 10_000_000  # of one: everybody downloads it


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_a_shipped_bundle_reads_here_what_it_read_where_it_was_made(path: Path) -> None:
    """The first command that a user tries would read nonsense on this platform."""
    bundle = read_bundle(path)
    assert bundle.name == path.stem
    assert path.stat().st_size <= MOST_BYTES
    model = detector_of(bundle) if bundle.description.task == "layout" else from_bundle(bundle)
    assert all(finding.ok for finding in verify(bundle, model))
    assert any(golden.text for golden in bundle.golden)
    if isinstance(model, Recognizer):
        assert model.read(draw("abc").resize((256, 64))).characters


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_a_shipped_bundle_states_scores_and_terms(path: Path) -> None:
    """Users would not know how well it reads, nor what they may do with it."""
    about = read_bundle(path).description
    assert about.model.score_cards
    assert about.training_data
    for source in about.training_data:
        assert source.terms
        assert "not stated" not in source.terms
        assert "/" not in source.data  # the path of some machine


def test_what_is_read_without_a_name_reads_the_examples() -> None:
    """The README's first command would end in nonsense."""
    recognizer = gluon_htr.load()
    assert recognizer.name == "latin-lines"
    found = recognizer.read(PROJECT / "examples" / "line.png").text
    assert found == "Dear reader, nobody has ever written this line by hand."
    assert gluon_htr.load("words").read(PROJECT / "examples" / "word.png").text == "reading"


def test_digits_reads_a_number_of_any_length() -> None:
    """Account numbers put side by side would lose what lies beyond the longest of training."""
    recognizer = gluon_htr.load("digits")
    once = Image.open(PROJECT / "examples" / "number.png").convert("L")
    assert recognizer.read(once).text == "958321704081994"
    row = Image.new("L", (30 * once.width, once.height))
    for place in range(30):
        row.paste(once, (place * once.width, 0))
    assert recognizer.read(row).text == "958321704081994" * 30
