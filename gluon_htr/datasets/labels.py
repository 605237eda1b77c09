"""The texts of data without their images: what an alphabet is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from unicodedata import category

from ..errors import DataError
from ..text.normalization import NormalizationForm, normalize
from .sample import Problem
from .spec import open_spec, parse_spec

TEXT = "text:"  # what a plain text is called where data are; it has no images, so it is no kind of them


def is_text(spec: str) -> bool:
    """Whether it names a plain text."""
    return spec.startswith(TEXT)


def labels(spec: str) -> tuple[Iterator[str], list[Problem]]:
    """Return the texts of a spec's samples, or the lines of `text:FILE`, which is in UTF-8.

    And what is left out of them.

    The problems are known once the texts have been read. Raises `SpecError` for a bad spec, and while they are read
    `DataError` where the file cannot be.
    """
    if is_text(spec):
        return _lines(Path(spec.removeprefix(TEXT))), []
    reader = open_spec(parse_spec(spec))
    return (sample.text for sample in reader), reader.problems


def _lines(path: Path) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8") as file:
            yield from file
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8, from byte {error.start} on: convert it first") from None


def count_characters(texts: Iterable[str], form: NormalizationForm) -> Counter[str]:
    """How often each character occurs; control characters, which nobody writes, are left out."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalize(text, form))
    return Counter({character: count for character, count in counts.items() if category(character) != "Cc"})
