"""Lines of text for language models, of corpora and of transcriptions, and what two texts have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..ngrams.building import broken_lines
from ..synthesis.texts.corpora import read_corpus
from ..text.alphabet import Alphabet
from .iam.reader import IamReader
from .kinds import KINDS
from .spec import open_spec, parse_spec

RUN = 7  # words in a row that two texts share only if one quotes the other, or both a third
SHORT = 4  # words of a line that is compared as a whole

_WORD = re.compile(r"\w+")


def read_lines(source: str, alphabet: Alphabet) -> list[str]:
    """Return the lines of a text: of a file or folder as `read_corpus` takes it, or the transcriptions of a spec.

    Running text is broken into lines. Typographic characters that the alphabet lacks are replaced. Raises `DataError`.
    """
    if is_spec(source):
        reader = open_spec(parse_spec(source), 0)

        lines: Iterable[str] = (
            reader.transcriptions() if isinstance(reader, IamReader) else (sample.text for sample in reader)
        )
    else:
        lines = broken_lines(read_corpus(Path(source)).written(frozenset(alphabet.characters)).text.split("\n"))
    return [alphabet.shown(alphabet.normalize(line)) for line in lines]


def is_spec(source: str) -> bool:
    """Test whether a text is named by a spec, and not by a path."""
    return source.partition(":")[0] in KINDS and ":" in source


def word_runs(lines: Iterable[str]) -> set[tuple[str, ...]]:
    """Return all runs of `RUN` words within a line; of a shorter line, all its words, if they are at least `SHORT`."""
    found: set[tuple[str, ...]] = set()
    for line in lines:
        words = _words(line)
        if len(words) >= SHORT:
            found.update(tuple(words[k : k + RUN]) for k in range(max(1, len(words) - RUN + 1)))
    return found


def sharing_lines(lines: Sequence[str], runs: set[tuple[str, ...]]) -> set[int]:
    """Return the positions of lines that have a part in one of the runs, which may extend over several lines."""
    return {place for _, places in _matches(lines, runs) for place in places}


def runs_within(lines: Sequence[str], runs: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return the runs that occur in a text, whatever its line breaks."""
    return {run for run, _ in _matches(lines, runs)}


def _matches(lines: Sequence[str], runs: set[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """Yield each occurrence of a run, with the positions of the lines of its words."""
    words, places = [], []
    for place, line in enumerate(lines):
        own = _words(line)
        words += own
        places += [place] * len(own)
    for length in sorted({len(run) for run in runs}):
        for start, run in enumerate(_windows(words, length)):
            if run in runs:
                yield run, places[start : start + length]


def _windows(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[k:] for k in range(length)))


def _words(line: str) -> list[str]:
    return _WORD.findall(line.lower())
