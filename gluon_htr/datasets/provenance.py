"""What data are called in public, and on which terms they come."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from .catalog import IAM_TERMS, UNIPEN_TERMS
from .collections import COLLECTIONS
from .fonts import DRAWN, HERSHEY
from .loading import ORIGINS
from .specs import Spec, parse_spec

UNKNOWN_TERMS = "not stated by who exported it"
GENERATED_TERMS = "made up by gluon_htr: nobody wrote them"
#: Of kinds that are always of the same set.
KINDS = {
    "recomposed": IAM_TERMS,
    "fonts": GENERATED_TERMS,
    "strips": "digits of MNIST, CC BY-SA 3.0",
    "unipen": UNIPEN_TERMS,
}
#: Of sets that have the place which data/README.md gives them: kind, and the last folders of the path.
PLACES = {
    ("pages", "pages/hooker"): "letters of J. D. Hooker, CC BY-SA 4.0, images © Board of Trustees of the Royal Botanic "
    "Gardens, Kew",
    ("pages", "pages/copiste"): "Copiste d'un jour, CC BY 4.0",
    ("listing", "scene/iiit5k"): "IIIT5K-words: research, with citation",
    **{("pages", f"pages/{name}"): terms for name, terms in COLLECTIONS.items()},
}
#: Letters that people drew, by the name of the file.
DRAWINGS = {"chars74k-trajectories": "Chars74K: research, with citation"}


def public_name(spec: str) -> str:
    """A spec without its paths, which mean nothing to others: `iam-words?split=train`, `pages:hooker?split=train`.

    Of a cache or of records, that of its origin. Raises `CacheError` when these are gone or of another version.
    """
    parsed = parse_spec(spec)
    if parsed.kind in ORIGINS:
        parsed = parse_spec(ORIGINS[parsed.kind](parsed.path).spec)
    keys = parse_qsl(parsed.text.partition("?")[2], keep_blank_values=True)
    query = "&".join(f"{key}={value}" for key, value in keys if "/" not in value)
    return f"{parsed.kind}{_set(parsed)}{f'?{query}' if query else ''}"


def _set(spec: Spec) -> str:
    """The part of a path that says which data they are: of a set that we know, or of our own fonts."""
    folder = spec.path.parent if spec.path.suffix else spec.path
    place = "/".join(folder.parts[-2:])
    if (spec.kind, place) in PLACES:
        return f":{folder.name}"
    if spec.kind == "fonts" and spec.path.name.endswith(DRAWN):
        name = spec.path.name.partition(".")[0]
        return f":{name if name in DRAWINGS else 'drawn'}"
    return f":{HERSHEY}" if spec.kind == "fonts" and spec.path == HERSHEY else ""


def known_terms(name: str) -> str:
    """Terms of data sets that we know, by the public name of a spec."""
    kind, _, known = name.partition("?")[0].partition(":")
    if kind.startswith("iam-"):
        return IAM_TERMS
    if kind == "fonts" and known not in ("", str(HERSHEY)):
        return DRAWINGS.get(known, UNKNOWN_TERMS)
    places = {(of, Path(place).name): terms for (of, place), terms in PLACES.items()}
    return KINDS.get(kind) or places.get((kind, known), UNKNOWN_TERMS)
