"""Text and class indices."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluon_htr.errors import AlphabetError
from gluon_htr.text.alphabet import Alphabet


@given(st.lists(st.text(min_size=1), min_size=1))
def test_every_text_of_the_data_comes_back(texts: list[str]) -> None:
    """A label would be trained as another text."""
    alphabet = Alphabet.from_texts(texts)
    assert [alphabet.decode(alphabet.encode(text)) for text in texts] == texts
    assert alphabet.classes == len(alphabet) + 1
    assert alphabet.blank == len(alphabet)


def test_a_file_keeps_order_and_characters(tmp_path: Path) -> None:
    """A run that is read on another machine would write other letters."""
    alphabet = Alphabet('b"a\\ é字')
    (tmp_path / "alphabet.json").write_bytes(alphabet.to_json())
    assert Alphabet.load(tmp_path / "alphabet.json") == alphabet


def test_unknown_characters_are_named() -> None:
    """The user would have to find them in ten thousand labels."""
    with pytest.raises(AlphabetError, match="'x' 'é'"):
        Alphabet("abc").encode("aéxbx")


@pytest.mark.parametrize("characters", [[], ["a", "b", "a"], ["ab"], [""]])
def test_an_impossible_alphabet_is_refused(characters: list[str]) -> None:
    """Classes and characters would not correspond."""
    with pytest.raises(AlphabetError):
        Alphabet(characters)


@pytest.mark.parametrize("content", ["", "[]", '{"characters": "abc"}', '{"characters": [1]}', '{"letters": []}'])
def test_a_file_that_is_no_alphabet_is_refused(content: str, tmp_path: Path) -> None:
    """A wrong file would be a traceback."""
    path = tmp_path / "alphabet.json"
    path.write_text(content)
    with pytest.raises(AlphabetError, match=r"alphabet\.json"):
        Alphabet.load(path)
