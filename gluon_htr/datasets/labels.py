"""The texts of data without their images, from which an alphabet is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from unicodedata import category

from .._files import MAX_DATA
from .._text_files import read_text, split_lines
from ..errors import DataError
from ..text.normalization import NormalizationForm, normalize
from .sample import Problem
from .spec import open_spec, parse_spec

TEXT = "text:"  # prefix of a plain text in place of a spec; it has no images, so it is not a kind of data


def is_text(spec: str) -> bool:
    """Test whether a spec names a plain text."""
    return spec.startswith(TEXT)


def labels(spec: str) -> tuple[Iterator[str], list[Problem]]:
    """Return the texts of a spec's samples, or the lines of `text:FILE`, and the problems.

    The problems are complete once the texts have been read. Raises `SpecError` for a bad spec, and while the texts are
    read `DataError` if the file cannot be read.
    """
    if is_text(spec):
        return _lines(Path(spec.removeprefix(TEXT))), []
    reader = open_spec(parse_spec(spec))
    return (sample.text for sample in reader), reader.problems


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from split_lines(read_text(path, MAX_DATA))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None


def count_characters(texts: Iterable[str], form: NormalizationForm) -> Counter[str]:
    """Count how often each character occurs, without control characters."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalize(text, form))
    return Counter({character: count for character, count in counts.items() if category(character) != "Cc"})
