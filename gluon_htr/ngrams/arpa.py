"""ARPA files, the text format of n-gram models that SRILM, KenLM and others read and write."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from .._files import check_regular
from .._storage import atomic_file
from ..errors import LanguageModelError
from .files import MAX_ORDER, MAX_TOKENS
from .model import SPECIAL, UNKNOWN, NGramModel, Trie, Unit

SPACE = "<space>"  # what we write for a space in a model of characters
SPACES = (SPACE, "<sp>", "▁", "␣", "|")  # what others write, the surest first
LOG10 = math.log(10)
LOWEST = -99.0  # of base 10, for what never occurs
MAX_NGRAMS = 50_000_000
_BLANKS = re.compile(r"[ \t]+")  # other spaces, such as U+00A0, may be characters of a model
_COUNT = re.compile(r"ngram (\d+) ?= ?(\d+)")


def write_arpa(model: NGramModel, path: Path) -> None:
    """Write a model as an ARPA file. Raises `StorageError`."""
    with atomic_file(path) as file:
        for line in _lines(model):
            file.write(line.encode() + b"\n")


def _lines(model: NGramModel) -> Iterator[str]:
    trie = model.trie
    names = [SPACE if token == " " else token for token in model.tokens]
    yield "\\data\\"
    yield from (f"ngram {number}={count}" for number, count in enumerate(trie.levels, 1))
    logs = np.maximum(trie.log_probabilities / LOG10, LOWEST).tolist()
    backoffs = (trie.log_backoffs / LOG10).tolist()
    symbols, parents = trie.symbols.tolist(), model.parents.tolist()
    texts = [""]
    position = 0
    for number, count in enumerate(trie.levels, 1):
        yield f"\n\\{number}-grams:"
        for node in range(position, position + count):
            text = f"{texts[parents[node]]} {names[symbols[node]]}".lstrip(" ")
            row = f"{logs[node]:.7g}\t{text}"
            if number < model.order:
                texts.append(text)
                row += f"\t{backoffs[node]:.7g}"
            yield row
        position += count
    yield "\n\\end\\"


def read_arpa(path: Path) -> NGramModel:
    """Read an ARPA file of characters or words. Raises `LanguageModelError` if it is not one."""
    try:
        check_regular(path)
        with path.open(encoding="utf-8") as file:
            return _parse(file, str(path))
    except OSError as error:
        raise LanguageModelError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LanguageModelError(f"{path} is not an ARPA file: it is not in UTF-8") from None


def _parse(lines: Iterable[str], where: str) -> NGramModel:
    rows = (stripped for line in lines if (stripped := line.strip(" \t\r\n")))
    counts = _counts(rows, where)
    parts = [_section(rows, number, count, number == len(counts), where) for number, count in enumerate(counts, 1)]
    tokens, symbols, unit = _vocabulary([words[0] for words, _, _ in parts[0]], where)
    try:
        return NGramModel(unit, tokens, _arranged(parts, symbols, len(tokens), where))
    except KeyError as error:
        raise LanguageModelError(f"{where} is damaged: {error} is not among its 1-grams") from None


_Row = tuple[list[str], float, float]


def _counts(rows: Iterator[str], where: str) -> list[int]:
    if next(rows, "") != "\\data\\":
        raise LanguageModelError(f"{where} is not an ARPA file: it does not begin with \\data\\")
    counts = []
    for row in rows:
        if not (match := _COUNT.fullmatch(row)):
            break
        counts.append(int(match[2]))
    if not counts or row != "\\1-grams:" or len(counts) > MAX_ORDER or sum(counts) > MAX_NGRAMS:
        raise LanguageModelError(f"{where} is damaged, or has more than {MAX_ORDER} orders")
    if not 1 <= counts[0] <= MAX_TOKENS:
        raise LanguageModelError(f"{where} has {counts[0]} 1-grams")
    return counts


def _section(rows: Iterator[str], number: int, count: int, last: bool, where: str) -> list[_Row]:
    """Read the n-grams of one order, and the mark behind them."""
    found = []
    for row in islice(rows, count):
        fields = _BLANKS.split(row)
        try:
            score, words = float(fields[0]), fields[1 : number + 1]
            backoff = float(fields[number + 1]) if len(fields) > number + 1 else 0.0
        except (ValueError, IndexError):
            raise LanguageModelError(f"{where} is damaged: it has the {number}-gram '{row[:60]}'") from None
        if len(words) != number or not (score <= 1e-6 and abs(backoff) <= -LOWEST):  # NaN, too
            raise LanguageModelError(f"{where} is damaged: it has the {number}-gram '{row[:60]}'")
        found.append((words, max(score, LOWEST), backoff))
    expected = "\\end\\" if last else f"\\{number + 1}-grams:"
    if len(found) != count or next(rows, "") != expected:
        raise LanguageModelError(f"{where} is damaged or cut off: it does not have {count} {number}-grams")
    return found


def _vocabulary(names: list[str], where: str) -> tuple[tuple[str, ...], dict[str, int], Unit]:
    """Return the tokens of a model, the symbol of each name in the file, and what the tokens are.

    In a model of characters, the surest of `SPACES` is its space.
    """
    plain = [name for name in names if name not in SPECIAL and name not in SPACES]
    unit: Unit = "characters" if plain and all(len(name) == 1 for name in plain) else "words"
    space = next((space for space in SPACES if space in names), None) if unit == "characters" else None
    meant = {name: UNKNOWN if name == "<UNK>" else " " if name == space else name for name in names}
    tokens = tuple(dict.fromkeys([*SPECIAL, *sorted(meant.values())]))
    if len(meant) != len(names) or len(set(meant.values())) != len(names):
        raise LanguageModelError(f"{where} is damaged: a 1-gram occurs twice")
    if any(len(token) != 1 for token in tokens[len(SPECIAL) :]) and unit == "characters":
        raise LanguageModelError(f"{where} has several marks for a space")
    index = {token: symbol for symbol, token in enumerate(tokens)}
    return tokens, {name: index[token] for name, token in meant.items()}, unit


def _arranged(parts: list[list[_Row]], symbols: dict[str, int], size: int, where: str) -> Trie:
    """Sort the n-grams into a trie. Raises `LanguageModelError` if an n-gram lacks its prefix."""
    first = {symbols[words[0]]: (score, backoff) for words, score, backoff in parts[0]}
    scores = [np.array([first.get(symbol, (LOWEST, 0.0))[0] for symbol in range(size)])]
    backoffs = [np.array([first.get(symbol, (LOWEST, 0.0))[1] for symbol in range(size)])]
    keys, children = [np.arange(size, dtype=np.int64)], []
    for number, part in enumerate(parts[1:], 2):
        rows = np.array([[symbols[word] for word in words] for words, _, _ in part], np.int64).reshape(-1, number)
        prefixes = rows[:, 0]
        for column, known in enumerate(keys[1:], 1):
            wanted = prefixes * size + rows[:, column]
            prefixes = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            if not len(known) or (known[prefixes] != wanted).any():
                raise LanguageModelError(f"{where} has a {number}-gram that begins with no {number - 1}-gram")
        unsorted = prefixes * size + rows[:, -1]
        order = np.argsort(unsorted, kind="stable")
        keys.append(unsorted[order])
        if (np.diff(keys[-1]) == 0).any():
            raise LanguageModelError(f"{where} is damaged: a {number}-gram occurs twice")
        children.append(np.bincount(prefixes, minlength=len(keys[-2])))
        scores.append(np.array([score for _, score, _ in part])[order])
        backoffs.append(np.array([backoff for _, _, backoff in part])[order])
    return Trie(
        tuple(len(part) for part in keys),
        np.concatenate([part % size for part in keys]).astype(np.int32),
        np.concatenate([np.zeros(0, np.int64), *children]).astype(np.int64),
        (np.concatenate(scores) * LOG10).astype(np.float32),
        (np.concatenate([np.zeros(0), *backoffs[:-1]]) * LOG10).astype(np.float32),
    )
