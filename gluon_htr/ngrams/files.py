"""Files of language models: sorted arrays, mapped into memory, checked before anything is computed from them.

Layout, little endian: 8 bytes `GHTRLM1\\n`; u32 bytes of the header, u32 CRC-32 of the header, u32 CRC-32 of the body;
the header, JSON as `_Header` has it; the body: tokens in UTF-8, each with a line feed; then by node, as `Trie` orders
them, symbols, numbers of children, codes of log-probabilities, codes of log-backoffs; then for each order the 256
float32 values of its codes: log-probabilities, and log-backoffs of all orders but the highest. Symbols and numbers of
children take one, two or four bytes each, whichever is enough.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from .._files import MAX_DATA, read_bounded
from .._json import decoder
from .._storage import write_atomically
from ..errors import LanguageModelError
from .model import SPECIAL, NGramModel, Trie, Unit
from .quantization import VALUES, level_slices, quantized
from .sizes import body_bytes, width

MAGIC = b"GHTRLM1\n"
HEAD = struct.Struct("<8sIII")
MAX_HEADER = 1 << 16  # bytes
MAX_ORDER = 12
MAX_NODES = 1 << 28
MAX_TOKENS = 1 << 22
LOWEST = -300.0  # natural logarithm; ARPA files have -99 times log(10) for what never occurs

Weight = Annotated[float, msgspec.Meta(ge=0, le=10)]
Bonus = Annotated[float, msgspec.Meta(ge=-20, le=20)]
Width = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Tuning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the beam search, chosen on validation data. The defaults are near those of English and French.

    weight: of the model's log-probabilities. bonus: nats for each character or word. width: prefixes of the beam.
    """

    weight: Weight = 0.7
    bonus: Bonus = 1.5
    width: Width = 20


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    unit: Unit
    levels: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=MAX_NODES)]], msgspec.Meta(min_length=1, max_length=12)]
    token_bytes: Annotated[int, msgspec.Meta(ge=1)]
    language: str
    sources: str
    tuning: Tuning


@dataclass(frozen=True)
class LanguageModel:
    """A model with what it says about itself.

    language: code of ISO 639-1, empty if unknown. sources: texts that it was built from, and their terms.
    """

    ngrams: NGramModel
    language: str = ""
    sources: str = ""
    tuning: Tuning = field(default_factory=Tuning)


def write_model(model: LanguageModel, path: Path) -> None:
    """Write a file. Raises `StorageError`."""
    write_atomically(path, pack_model(model))


def pack_model(model: LanguageModel) -> bytes:
    """Return the bytes of a file. Values are rounded to 256 for each order."""
    ngrams = quantized(model.ngrams)
    trie = ngrams.trie
    symbol_bytes, count_bytes = width(len(ngrams.tokens) - 1), width(len(ngrams.tokens))
    text = "".join(f"{token}\n" for token in ngrams.tokens).encode()
    codes, tables = _coded(trie.log_probabilities, trie.levels)
    backoff_codes, backoff_tables = _coded(trie.log_backoffs, trie.levels[:-1])
    body = b"".join([
        text,
        trie.symbols.astype(f"<u{symbol_bytes}").tobytes(),
        trie.children.astype(f"<u{count_bytes}").tobytes(),
        codes.tobytes(),
        backoff_codes.tobytes(),
        tables.astype("<f4").tobytes(),
        backoff_tables.astype("<f4").tobytes(),
    ])  # fmt: skip
    header = msgspec.json.encode(
        _Header(ngrams.unit, list(trie.levels), len(text), model.language, model.sources, model.tuning)
    )
    return HEAD.pack(MAGIC, len(header), zlib.crc32(header), zlib.crc32(body)) + header + body


def _coded(values: np.ndarray, levels: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of values (nodes,) uint8, and the values of the codes (levels, 256)."""
    codes, tables = np.zeros(len(values), np.uint8), np.zeros((len(levels), VALUES), np.float32)
    for number, part in enumerate(level_slices(levels)):
        different, codes[part] = np.unique(values[part], return_inverse=True)
        tables[number, : len(different)] = different
    return codes, tables


def read_model(path: Path) -> LanguageModel:
    """Read a file. Raises `LanguageModelError` if it is another file, damaged, or cut off."""
    try:
        data = read_bounded(path, MAX_DATA)
    except OSError as error:
        raise LanguageModelError(f"{path} cannot be read: {error.strerror}") from None
    return parse_model(data, str(path))


def parse_model(data: bytes, where: str) -> LanguageModel:
    """Parse the bytes of a file; `where` names it in errors."""
    if len(data) < HEAD.size or data[: len(MAGIC)] != MAGIC:
        raise LanguageModelError(f"{where} is not a language model: make one with gluon-htr language")
    _, header_bytes, header_sum, body_sum = HEAD.unpack_from(data)
    text = data[HEAD.size : HEAD.size + header_bytes]
    body = memoryview(data)[HEAD.size + header_bytes :]
    if header_bytes > MAX_HEADER or zlib.crc32(text) != header_sum or zlib.crc32(body) != body_sum:
        raise LanguageModelError(f"{where} is damaged or cut off: its checksum differs")
    try:
        header = decoder(_Header).decode(text)
        ngrams = _ngrams(header, body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LanguageModelError(f"{where} is damaged: {error}") from None
    except _Inconsistent as error:
        raise LanguageModelError(f"{where} is damaged: {error}") from None
    return LanguageModel(ngrams, header.language, header.sources, header.tuning)


class _Inconsistent(Exception):
    """Arrays that do not describe a model."""


def _ngrams(header: _Header, body: memoryview) -> NGramModel:
    """Make a model of a file's body; all sizes are checked before anything is read."""
    symbols, total = header.levels[0], sum(header.levels)
    inner = total - header.levels[-1]
    _require(len(SPECIAL) <= symbols <= MAX_TOKENS and total <= MAX_NODES, "impossible number of symbols")
    _require(header.token_bytes <= len(body), "the tokens are missing")
    tokens = tuple(bytes(body[: header.token_bytes]).decode().split("\n")[:-1])
    _require(len(tokens) == len(set(tokens)) == symbols and tokens[: len(SPECIAL)] == SPECIAL, "wrong tokens")
    _require(len(body) == body_bytes(header.levels, tokens), "wrong size")
    of_symbol, of_count = f"<u{width(symbols - 1)}", f"<u{width(symbols)}"
    position = header.token_bytes

    def take(count: int, kind: str) -> np.ndarray:
        nonlocal position
        array = np.frombuffer(body, kind, count, position)
        position += array.nbytes
        return array

    last, children = take(total, of_symbol), take(inner, of_count)
    codes, backoff_codes = take(total, "u1"), take(inner, "u1")
    levels = tuple(header.levels)
    tables = take(VALUES * len(levels), "<f4").reshape(-1, VALUES)
    backoff_tables = take(VALUES * (len(levels) - 1), "<f4").reshape(-1, VALUES)
    logs = _decoded(codes, tables, levels)
    backoffs = _decoded(backoff_codes, backoff_tables, levels[:-1])
    trie = Trie(levels, last.astype(np.int32), children.astype(np.int64), logs, backoffs)
    model = NGramModel(header.unit, tokens, trie)
    check(model)
    return model


def _decoded(codes: np.ndarray, tables: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    parts = [table[codes[part]] for table, part in zip(tables, level_slices(levels))]
    return np.concatenate([np.zeros(0, np.float32), *parts])


def check(model: NGramModel) -> None:
    """Raise an error if the arrays of a model do not fit each other."""
    trie, symbols = model.trie, len(model.tokens)
    parts = level_slices(trie.levels)
    _require(bool((trie.symbols < symbols).all()), "unknown symbols")
    _require(bool((trie.symbols[parts[0]] == np.arange(symbols)).all()), "symbols out of order")
    for below, above in pairwise(parts):
        _require(int(trie.children[below].sum()) == above.stop - above.start, "orders that do not fit each other")
    _require(bool((np.diff(model.keys) > 0).all()), "nodes out of order")
    logs, backoffs = trie.log_probabilities, trie.log_backoffs
    _require(bool(np.isfinite(logs).all() and ((logs <= 1e-6) & (logs > LOWEST)).all()), "wrong probabilities")
    _require(bool(np.isfinite(backoffs).all() and (np.abs(backoffs) < -LOWEST).all()), "wrong factors")
    if model.unit == "characters":
        _require(all(len(token) == 1 for token in model.tokens[len(SPECIAL) :]), "symbols that are not characters")


def _require(condition: bool, fault: str) -> None:
    if not condition:
        raise _Inconsistent(fault)


def tuned(model: LanguageModel, tuning: Tuning) -> LanguageModel:
    """Return a model with other settings."""
    return replace(model, tuning=tuning)
