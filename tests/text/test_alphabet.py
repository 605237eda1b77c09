"""Text and class indices."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gluon_htr.errors import AlphabetError
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.text.direction import is_right_to_left
from gluon_htr.text.normalization import normalize

TURNING = st.sampled_from("אבגשםمرحبا()[]{}<>«»‹›12.:- a")
LEFT_TO_RIGHT = st.characters().filter(lambda character: not is_right_to_left(character))


@given(st.lists(st.text(LEFT_TO_RIGHT, min_size=1), min_size=1))
def test_every_text_of_the_data_comes_back(texts: list[str]) -> None:
    """A label would be trained as another text."""
    alphabet = Alphabet.from_texts(texts)
    assert [alphabet.decode(alphabet.encode(text)) for text in texts] == texts
    assert alphabet.classes == len(alphabet) + 1
    assert alphabet.blank == len(alphabet)


@given(st.lists(st.text(TURNING | st.characters(), min_size=1), min_size=1))
@example(["שלום :)"])
@example(["א) ראשון"])
@example(["«مرحبا"])
def test_every_text_of_the_data_can_be_written_in_any_script(texts: list[str]) -> None:
    """A bracket of one kind in Hebrew would end the training: what is written for it is the other kind."""
    texts = list(map(normalize, texts))
    for alphabet in (Alphabet.from_texts([*texts, "a"]), Alphabet("a(").extended(texts)):
        for text in texts:
            assert not alphabet.unknown(text)
            assert [alphabet.characters[k] for k in alphabet.encode(text)] == list(alphabet.shown(text))


def test_a_bracket_that_turning_asks_for_is_named() -> None:
    """Alphabets of others, or of earlier versions, would pass the check and fail in the training."""
    alphabet = Alphabet("אב )")
    assert alphabet.unknown("א) ב") == "("
    with pytest.raises(AlphabetError, match=r"'\('"):
        alphabet.encode("א) ב")
    assert alphabet.extended([]).decode(alphabet.extended([]).encode("א) ב").tolist()) == "א) ב"


def test_alphabets_from_left_to_right_get_no_other_brackets() -> None:
    """A class that no label has would be learned from nothing."""
    assert Alphabet.from_texts(["a) «b"]).characters == (" ", ")", "a", "b", "«")


def test_a_file_keeps_order_and_characters(tmp_path: Path) -> None:
    """A run that is read on another machine would write other letters."""
    alphabet = Alphabet('b"a\\ é字')
    (tmp_path / "alphabet.json").write_bytes(alphabet.to_json())
    assert Alphabet.load(tmp_path / "alphabet.json") == alphabet


def test_a_file_keeps_the_normalization(tmp_path: Path) -> None:
    """Labels would be compared in another form than the network writes."""
    alphabet = Alphabet("abc 字", "NFKC")
    (tmp_path / "alphabet.json").write_bytes(alphabet.to_json())
    loaded = Alphabet.load(tmp_path / "alphabet.json")
    assert loaded == alphabet != Alphabet("abc 字")
    assert loaded.normalize("ａ  ｂ") == "a b"
    assert loaded.extended(["ｄ"]).characters == (*alphabet.characters, "d")


def test_classes_of_hebrew_follow_the_image_and_texts_do_not() -> None:
    """Time steps run from left to right: CTC would learn nothing from labels in the order of speech."""
    alphabet = Alphabet(" 0123שלום")
    classes = alphabet.encode("שלום 123")
    assert [alphabet.characters[k] for k in classes] == list("123 םולש")
    assert alphabet.decode(classes.tolist()) == "שלום 123"
    assert alphabet.ordered(classes.tolist()) == [*zip((7, 6, 5, 4), "שלום"), (3, " "), *zip((0, 1, 2), "123")]


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
