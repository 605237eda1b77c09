"""Text from right to left: what the eye sees from left to right, and back to the order of speech."""

from __future__ import annotations

import unicodedata

import pytest
from bidi.algorithm import get_display

from gluon_htr.text.direction import reordered, reordered_characters

LINES = [
    "שלום עולם",
    "שלום 123 עולם",
    "מחיר: 50% (היום)",
    "ב-12.5.2020 בשעה 10:30",
    "שלום abc 123 עולם",
    "שלום, world!",
    'גיל 5-7 "כן"',
    "abc שלום def",
    "He said שלום to me",
    "مرحبا 123 عالم",
    "السعر: 50% اليوم (12/5/2020)",
    "١٢٣ مرحبا",
    "hello (x) 12%",
    "مرحبا abc 123 عالم جدا",
    "استخدم Windows 10 اليوم",
    "اشتريت iPhone 15 في 2023 من المتجر",
    "نسخة 2.0 من Python 3.11 متاحة الآن للجميع",
]


def direction(text: str) -> str:
    kinds = [unicodedata.bidirectional(character) for character in text]
    return "R" if sum(kind in {"R", "AL"} for kind in kinds) > kinds.count("L") else "L"


@pytest.mark.parametrize("line", LINES)
def test_lines_stand_on_paper_as_the_standard_says(line: str) -> None:
    """A network would be taught another order than it sees. The reference is an implementation of UAX 9."""
    assert reordered(line) == get_display(line, base_dir=direction(line))


@pytest.mark.parametrize("line", LINES)
def test_the_order_of_speech_comes_back(line: str) -> None:
    """A reading would be in the order of the paper, which no editor shows right."""
    assert reordered(reordered(line)) == line


def test_marks_stay_behind_their_letter() -> None:
    """Vowels of Hebrew would move to the neighboring letter."""
    assert unicodedata.name(reordered("שָׁלוֹם")[0]) == "HEBREW LETTER FINAL MEM"
    assert reordered("בּגד") == "דגבּ"


def test_every_character_is_placed_once() -> None:
    """A character of a recognition would lie elsewhere in the image than its ink."""
    for line in LINES:
        assert sorted(k for k, _ in reordered_characters(line)) == list(range(len(line)))
