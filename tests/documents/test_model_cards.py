"""Model cards of the documents say what the bundles say."""

from __future__ import annotations

import sys

from support import PROJECT

sys.path.insert(0, str(PROJECT / "scripts"))

import model_cards

from gluon_htr.bundles.catalog import known_bundles


def test_the_cards_are_those_of_the_bundles_that_ship() -> None:
    """A score would be quoted that another version of the model had: run scripts/model_cards.py."""
    page = model_cards.PAGE.read_text("utf-8")
    assert page == model_cards.page()
    shipped = [entry.name for entry in known_bundles() if entry.origin == "shipped"]
    assert [name for name in shipped if f"### `{name}`" not in page] == []
    about = next(entry.describe() for entry in known_bundles() if entry.name == "english-lines")
    assert f"| {about.model.score_cards[0].cer} |" in page
