"""What data are called in public, and on which terms they come."""

from __future__ import annotations

from urllib.parse import parse_qsl

from .catalog import IAM_TERMS
from .loading import PREPARED
from .specs import parse_spec

UNKNOWN_TERMS = "not stated by who exported it"
GENERATED_TERMS = "made up by gluon_htr: nobody wrote them"
#: Sets by the name of their folder, where their kind does not say which they are.
TERMS = {
    "hooker": "letters of J. D. Hooker, CC BY-SA 4.0, images © Board of Trustees of the Royal Botanic Gardens, Kew",
    "copiste": "Copiste d'un jour, CC BY 4.0",
    "iiit5k": "IIIT5K-words: research, with citation",
    "mnist": "MNIST: CC BY-SA 3.0",
}


def public_name(spec: str) -> str:
    """A spec without its paths, which mean nothing to others: `iam-words?split=train`, `pages:hooker?split=train`.

    Of a cache or of records, that of its origin. Raises `CacheError` when these are gone or of another version.
    """
    parsed = parse_spec(spec)
    if parsed.kind in PREPARED:
        parsed = parse_spec(PREPARED[parsed.kind](parsed.path)[1].spec)
    keys = parse_qsl(parsed.text.partition("?")[2], keep_blank_values=True)
    query = "&".join(f"{key}={value}" for key, value in keys if "/" not in value)
    known = next((name for name in TERMS if name in parsed.path.parts), None)
    return f"{parsed.kind}{f':{known}' if known else ''}{f'?{query}' if query else ''}"


def known_terms(name: str) -> str:
    """Terms of data sets that we know, by the public name of a spec."""
    kind, _, rest = name.partition("?")[0].partition(":")
    if kind.startswith("iam-") or kind == "recomposed":
        return IAM_TERMS
    return GENERATED_TERMS if kind == "fonts" else TERMS.get(rest, UNKNOWN_TERMS)
