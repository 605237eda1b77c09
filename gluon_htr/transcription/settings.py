"""What a batch was begun with: models and options that decide its results. Later runs must have the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from ..errors import UsageError
from ..runtime.loading import find_model
from ..runtime.loading_pages import DEFAULT
from .journal import Journal
from .tasks import ReaderSettings

_SHORT = 16  # hexadecimal digits of a digest


def check_same(journal: Journal, settings: ReaderSettings) -> str:
    """Return the models with their digests. Raises `UsageError` if pages were read with other settings."""
    now, counts = _deciding(settings), journal.counts()
    untouched = not counts.done and not counts.failed
    begun = msgspec.json.decode(
        journal.setting("settings", msgspec.json.encode(now).decode(), replace=untouched), type=dict[str, str]
    )
    for name, value in now.items():
        if begun.get(name) != value:
            raise UsageError(
                f"{settings.output} was begun with {name} {begun.get(name)}, not {value}: use another --output, "
                "or the same options"
            )
    return f"{now['model']}, {now['layout']}"


def _deciding(settings: ReaderSettings) -> dict[str, str]:
    decoder = settings.decoder
    deciding = {
        "model": _identity(find_model(settings.model)),
        "layout": _identity(find_model(DEFAULT if settings.layout is None else settings.layout)),
        "precision": settings.precision,
        "format": settings.format,
        "decoder": decoder.name,
        "language": decoder.language or "",
    }
    for name, path in (("language model", decoder.language_model), ("lexicon", decoder.lexicon)):
        deciding[name] = "" if path is None else _identity(path)
    return deciding


def _identity(path: Path) -> str:
    """Return the name of a model with the start of the SHA-256 of its files."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.relative_to(path).as_posix().encode() + b"\0" + file.read_bytes())
    return f"{path.stem} {digest.hexdigest()[:_SHORT]}"
