"""Public names of data and their terms, for score cards and bundles."""

from __future__ import annotations

from urllib.parse import parse_qsl

from .kinds import KINDS, terms_of
from .loading import source_spec
from .spec import Spec


def public_name(spec: str) -> str:
    """Name data without its paths, which mean nothing to others: `iam-words?split=train`, `pages:hooker?split=train`.

    A cache or records have the name of their source. Raises `CacheError` if they are missing or of another version.
    """
    parsed = source_spec(spec)
    keys = parse_qsl(parsed.text.partition("?")[2], keep_blank_values=True)
    query = "&".join(f"{key}={value}" for key, value in keys if "/" not in value)
    return f"{_named(parsed)}{f'?{query}' if query else ''}"


def _named(spec: Spec) -> str:
    """Name kind and set of a spec, and those of its source."""
    known = _named(spec.source) if spec.source else KINDS[spec.kind].terms.set_name(spec.path)
    return f"{spec.kind}{f':{known}' if known else ''}"


def known_terms(name: str) -> str:
    """Return the terms of data by its public name."""
    kind, _, set_name = name.partition("?")[0].partition(":")
    return terms_of(kind, set_name)
