"""The languages that an alphabet can write."""

from __future__ import annotations

import string

import pytest

from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.bundles.languages import languages_of
from gluon_htr.bundles.reader import read_description
from gluon_htr.bundles.schema import Layout


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        (string.ascii_letters, {"en"}),
        (string.ascii_lowercase, set()),  # names and sentences begin with capitals
        (string.digits, set()),
        (string.ascii_letters + "äöüßÄÖÜ", {"en", "de"}),  # ß has no capital of one letter
        (string.ascii_letters + "åäöÅÄÖ", {"en", "sv", "fi"}),
        (string.ascii_letters + "äöüÄÖÜ", {"en"}),
    ],
)
def test_a_language_needs_all_its_letters(letters: str, expected: set[str]) -> None:
    """A reader would be offered for a language of which it cannot write every word."""
    assert set(languages_of(letters)) == expected


def test_letters_may_be_decomposed() -> None:
    """An alphabet of a model that was trained on NFD would seem to lack letters."""
    assert "de" in languages_of([*string.ascii_letters, "ß", *(x + "\u0308" for x in "aouAOU")])


def test_models_that_ship_write_the_languages_that_they_were_trained_on() -> None:
    """The table of models would contradict their descriptions."""
    found = {}
    for name in ("english-lines", "latin-lines-fast", "digits"):
        model = read_description(SHIPPED / f"{name}.zip").model
        assert not isinstance(model, Layout)
        found[name] = languages_of(model.alphabet)
    assert found["english-lines"] == ["en"]
    assert found["digits"] == []
    assert {"de", "fr", "es", "it", "pl", "cs", "tr"} <= set(found["latin-lines-fast"])
    assert "ru" not in found["latin-lines-fast"]
