"""Languages that an alphabet can write: those of which it has all letters.

That is a necessary condition, not a measurement: how well a model reads a language is in its score cards.
The letters beyond a to z are those of the main exemplar characters of Unicode's CLDR, without the rare ones.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable

#: Letters beyond a to z by language (ISO 639-1), small; capitals are needed as well.
LATIN = {
    "en": "",
    "de": "äöüß",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü¿¡",
    "it": "àèéìòù",
    "pt": "áâãàçéêíóôõú",
    "nl": "ëïéèöü",
    "da": "æøå",
    "no": "æøå",
    "sv": "åäö",
    "fi": "äöå",
    "is": "áðéíóúýþæö",
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșț",
    "hr": "čćđšž",
    "sl": "čšž",
    "et": "äöõüšž",
    "lv": "āčēģīķļņšūž",
    "lt": "ąčęėįšųūž",
    "tr": "çğıİöşü",
    "ga": "áéíóú",
    "ca": "àçèéíïòóúü",
    "cy": "âêîôûŵŷ",
}
OTHERS = {
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
IDEOGRAPHS = 2500  # characters of daily use in Chinese (1988's list of common characters, first level)


def languages_of(alphabet: Iterable[str]) -> list[str]:
    """Return the languages whose small and capital letters are all in the alphabet, as codes of ISO 639-1."""
    known = {unicodedata.normalize("NFC", character) for character in alphabet}
    letters = {name: string.ascii_lowercase + more for name, more in LATIN.items()} | OTHERS
    found = [name for name, needed in letters.items() if set(needed) | _capitals(needed) <= known]
    ideographs = sum("\u4e00" <= character <= "\u9fff" for character in known)
    return [*found, *["zh"] * (ideographs >= IDEOGRAPHS)]


def _capitals(letters: str) -> set[str]:
    return {capital for letter in letters if len(capital := letter.upper()) == 1}
