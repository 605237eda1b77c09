"""Sizes of the parts of a model's file."""

from __future__ import annotations

from collections.abc import Sequence

VALUES_BYTES = 256 * 4  # of a table of values of one order


def width(max_value: int) -> int:
    """Return the bytes that numbers up to this one take: 1, 2 or 4."""
    return 1 if max_value < 1 << 8 else 2 if max_value < 1 << 16 else 4


def body_bytes(levels: Sequence[int], tokens: Sequence[str]) -> int:
    """Return the bytes of a file after its header: tokens, symbols, numbers of children, codes, tables of values."""
    inner, total = sum(levels[:-1]), sum(levels)
    text = sum(len(token.encode()) + 1 for token in tokens)
    of_symbol, of_count = width(len(tokens) - 1), width(len(tokens))
    return text + total * (of_symbol + 1) + inner * (of_count + 1) + (2 * len(levels) - 1) * VALUES_BYTES
