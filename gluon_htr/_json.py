"""Decoding of JSON from files: whatever is wrong with it is one error of the caller's class."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from .errors import HtrError

T = TypeVar("T")


def decode_json(content: bytes, kind: type[T], where: str, error: type[HtrError]) -> T:
    """Decode JSON to a type that msgspec knows. Raises `error` with `where`, also for text that is not UTF-8."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise error(f"{where}: {fault}") from None
