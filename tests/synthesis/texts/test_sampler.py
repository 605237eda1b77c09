"""Texts to write."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import numpy as np
import pytest

from gluon_htr.synthesis.texts.corpora import Corpus
from gluon_htr.synthesis.texts.patterns import PATTERNS, ordinal
from gluon_htr.synthesis.texts.sampler import IAM, SHARES, TextSource, restrict

CORPUS = Corpus("It was the best of times, it was the worst of times; it was the age of wisdom. " * 40 + "\n")


def test_a_text_depends_on_its_number_alone() -> None:
    """Workers that share the work, or a run that goes on, would write other lines than one process."""
    forward = [TextSource(3, corpus=CORPUS).text(index) for index in range(60)]
    assert [TextSource(3, corpus=CORPUS).text(index) for index in reversed(range(60))] == forward[::-1]
    assert [TextSource(4, corpus=CORPUS).text(index) for index in range(60)] != forward
    assert len(set(forward)) > 45


@pytest.mark.parametrize("texts", ["mixed", *SHARES])
@pytest.mark.parametrize("corpus", [None, CORPUS])
def test_texts_can_be_written(texts: str, corpus: Corpus | None) -> None:
    """A network would be taught blanks that nobody sees, or characters that it cannot write."""
    for index in range(300):
        text = TextSource(1, texts, corpus).text(index)  # type: ignore[arg-type]
        assert 1 <= len(text) <= 70
        assert set(text) <= set(IAM)
        assert text == " ".join(text.split())


@pytest.mark.parametrize("alphabet", ["0123456789", "abc ", "x", "好人 ", ""])
def test_any_alphabet_gets_texts(alphabet: str) -> None:
    """Whoever trains on digits would get no line, or one of letters."""
    for index in range(50):
        text = TextSource(0, "mixed", CORPUS, frozenset(alphabet)).text(index)
        assert text
        assert set(text) <= set(alphabet or "x")


def test_lengths_are_those_of_lines() -> None:
    """Networks learn where lines end: words alone, or only full lines, teach it wrong."""
    lengths = [len(TextSource(0, "lines", CORPUS).text(index)) for index in range(1000)]
    assert 34 < np.mean(lengths) < 46
    assert min(lengths) < 15
    assert max(lengths) > 55


def test_every_character_occurs() -> None:
    """What is never shown is never read."""
    counted = "".join(TextSource(0, corpus=CORPUS).text(index) for index in range(4000))
    assert [character for character in IAM if counted.count(character) < 10] == []


def test_lines_of_running_text_hold_whole_words() -> None:
    """Half words at the end of lines would be read where whole ones stand."""
    known = set(re.findall(r"\w+", CORPUS.text.lower()))
    random = np.random.default_rng(0)
    for _ in range(200):
        assert set(re.findall(r"\w+", CORPUS.snippet(30, random).lower())) <= known


def test_a_script_without_spaces_is_cut_anywhere() -> None:
    """Chinese would give no line at all, or a whole paragraph."""
    corpus = Corpus("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏" * 9 + "\n")
    source = TextSource(0, "lines", corpus, None)
    lengths = [len(source.text(index)) for index in range(100)]
    assert max(lengths) > 30
    assert len(set(lengths)) > 10


def test_patterns_differ() -> None:
    """A hundred times the same date would be learned by heart."""
    random = np.random.default_rng(0)
    for pattern in PATTERNS:
        assert len({pattern(random) for _ in range(60)}) > 20
    assert {"1st", "2nd", "3rd", "11th"} <= {ordinal(random) for _ in range(4000)}


@pytest.mark.parametrize(
    ("text", "written"),
    [("Café Zürich", "Cafe Zurich"), ("£12.50", "12.50"), ("a\u2009b", "a b"), ("½", "12"), ("日本", ""), ("ok", "ok")],
)
def test_an_alphabet_restricts(text: str, written: str) -> None:
    """Lines with accents would stop the training, or be drawn with letters that their text lacks."""
    assert restrict(text, frozenset(IAM)) == written


def test_neighboring_seeds_share_no_texts() -> None:
    """Two runs for more variety would write the same lines, moved by one."""
    texts = [[TextSource(seed, "characters").text(index) for index in range(50)] for seed in range(4)]
    assert all(not set(one) & set(other) for one, other in pairwise(texts))


@pytest.mark.parametrize("alphabet", [None, frozenset(IAM), frozenset("0123456789")])
def test_digits_are_numbers_of_one_to_twenty(alphabet: frozenset[str] | None) -> None:
    """A network for numbers would never see a single digit, or a long number."""
    texts = [TextSource(0, "digits", CORPUS, alphabet).text(index) for index in range(400)]
    assert {len(text) for text in texts} == set(range(1, 21))
    assert set("".join(texts)) == set("0123456789")


@pytest.mark.parametrize("texts", ["words", "patterns", "lines", "mixed"])
def test_another_script_gets_no_debris_of_english(texts: str) -> None:
    """Labels would be what remains of English dates and sentences, such as `. 23, 2010`."""
    corpus = Corpus("פני תהום וחשך על הארץ ורוח מרחפת " * 9 + "\n")
    alphabet = frozenset(corpus.text + "0123456789.,:/-'")
    source = TextSource(0, texts, corpus, alphabet)  # type: ignore[arg-type]
    for index in range(500):
        text = source.text(index)
        assert text.strip(" ,'"), text
        assert not re.search(r"(^|\s)[.,:'/-]*[.,'](\s|$)", text) or re.search(r"[.,:'/-]{2}", text), text
    alone = TextSource(0, "words", None, alphabet)
    assert all(set(alone.text(index)) & set(corpus.text) - {" "} for index in range(50))


def test_capitals_are_those_of_the_alphabet() -> None:
    """Letters that have no capital in the alphabet would be left out of lines in capitals: `piser låbær`."""
    corpus = Corpus("spiser blåbær " * 30 + "\n")
    source = TextSource(0, "words", corpus, frozenset("spierblåæ SR"))
    words = {word for index in range(400) for word in source.text(index).split()}
    assert {"spiser", "blåbær"} < words
    assert all(word.lower() in "spiser blåbær" for word in words)  # some are cut at the end of the line
    upper = TextSource(0, "words", corpus, frozenset("SPIERBLÅÆ "))
    assert all(word in {"SPISER", "BLÅBÆR"} for index in range(50) for word in upper.text(index).split())


def test_made_up_words_are_mostly_in_small_letters() -> None:
    """A network would never see a word that begins with a small letter."""
    texts = [TextSource(0, "words").text(index) for index in range(1000)]
    assert 700 < sum(text[0].islower() for text in texts) < 900


def test_marks_stand_on_letters() -> None:
    """Vowel signs alone are drawn on an empty circle, which no hand writes."""
    corpus = Corpus("वापसपीनेकापानीयहाँनहींमिलताहैकहींभी" * 9 + "\n")
    for texts in ("lines", "words", "characters"):
        source = TextSource(0, texts, corpus, frozenset(corpus.text) - {"\n"} | {" "})  # type: ignore[arg-type]
        for index in range(100):
            assert all(unicodedata.category(word[0])[0] == "L" for word in source.text(index).split())


def test_numbers_of_a_given_length() -> None:
    """A reader of meters with five digits could not be trained on meters."""
    texts = [TextSource(0, "digits", digits=(5, 6)).text(index) for index in range(50)]
    assert {len(text) for text in texts} == {5, 6}
