"""Decoding of JSON from files: whatever is wrong with it is one error of the caller's class."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ._text_files import decode_text
from .errors import HtrError

T = TypeVar("T")


def decode_json(content: bytes, kind: type[T], where: str, error: type[HtrError]) -> T:
    """Decode JSON to a type that msgspec knows. Raises `error` with `where`, also for what is not text."""
    text = decode_text(content, where, error)
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise error(f"{where}: {fault}") from None
