"""The texts of data without their images: what an alphabet is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from unicodedata import category

from ..errors import DataError
from ..text.normalization import Form, normalize
from .specs import open_spec, parse_spec

TEXT = "text:"  # what a plain text is called where data are; it has no images, so it is no kind of them
MARK = "\ufeff"  # of the byte order, which some editors put in front of a file


def labels(spec: str) -> Iterator[str]:
    """The texts of a spec's samples, or the lines of `text:FILE`, which is in UTF-8.

    Raises `SpecError` for a bad spec, `DataError` where the file cannot be read.
    """
    if spec.startswith(TEXT):
        return _lines(Path(spec.removeprefix(TEXT)))
    return (sample.text for sample in open_spec(parse_spec(spec)))


def _lines(path: Path) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8") as file:
            yield from file
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8, from byte {error.start} on: convert it first") from None


def count_characters(texts: Iterable[str], form: Form) -> Counter[str]:
    """How often each character occurs; control characters, which nobody writes, are left out."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalize(text.replace(MARK, ""), form))
    return Counter({character: count for character, count in counts.items() if category(character) != "Cc"})
