"""Pages of IIIF manifests: Presentation API 2 (https://iiif.io/api/presentation/2.1/) and 3
(https://iiif.io/api/presentation/3.0/), with images by the Image API where a canvas has its service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..datasets.download.fetching import Fetcher, SourceError
from ..errors import UsageError

MAX_SIDE = 4000  # pixels: what reading needs of a page; larger images are asked for in this size
MAX_MANIFESTS = 10_000  # of a collection


@dataclass(frozen=True)
class ManifestPage:
    """An image of a manifest: its address, the name of its document, its number, counted from 1."""

    address: str
    document: str
    number: int


def manifest_pages(manifest: Any, address: str, fetcher: Fetcher) -> Iterator[ManifestPage]:
    """Yield the pages of a manifest, or of the manifests of a collection, which are fetched.

    address: of the manifest, for names and messages. Raises `UsageError` if it is no manifest, or has no images.
    """
    left, seen = [(address, manifest)], {address}
    while left:
        where, document = left.pop(0)
        if document is None:
            document = _fetched(where, fetcher)
        if members := _members(document):
            new = [each for each in members if each not in seen]
            seen.update(new)
            if len(seen) > MAX_MANIFESTS:
                raise UsageError(f"{address} has more than {MAX_MANIFESTS:,} manifests: name its parts")
            left = [(each, None) for each in new] + left
            continue
        images = [image for canvas in _canvases(document) if (image := _image(canvas))]
        if not images:
            raise UsageError(f"{where} is not a IIIF manifest with images")
        name = _name(document, where)
        for number, image in enumerate(images, 1):
            yield ManifestPage(image, name, number)


def _fetched(address: str, fetcher: Fetcher) -> Any:
    try:
        return json.loads(fetcher.fetch(address))
    except SourceError as error:
        raise UsageError(str(error)) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{address} is not JSON") from None


def _members(document: Any) -> list[str]:
    """Return the addresses of the manifests of a collection."""
    if not isinstance(document, dict) or _type(document) != "Collection":
        return []
    members = [*_list(document, "items"), *_list(document, "manifests"), *_list(document, "collections")]
    members += _list(document, "members")
    return [address for each in members if (address := _id(each))]


def _canvases(document: Any) -> list[Any]:
    if not isinstance(document, dict):
        return []
    if sequences := _list(document, "sequences"):  # version 2: other sequences are other orders of the same canvases
        return _list(sequences[0], "canvases")
    return [each for each in _list(document, "items") if _type(each) == "Canvas"]


def _image(canvas: Any) -> str | None:
    """Return the address of the first image of a canvas."""
    for image in _list(canvas, "images"):  # version 2
        if (resource := _dict(image, "resource")) and (address := _resource(resource, canvas)):
            return address
    for page in _list(canvas, "items"):
        for annotation in _list(page, "items"):
            body = annotation.get("body") if isinstance(annotation, dict) else None
            for each in body if isinstance(body, list) else [body]:
                if isinstance(each, dict) and _type(each) == "Choice":
                    each = next(iter(_list(each, "items")), None)
                if isinstance(each, dict) and (address := _resource(each, canvas)):
                    return address
    return None


def _resource(resource: dict[str, Any], canvas: Any) -> str | None:
    """Return the address of an image: from its image service, in the size that reading needs, or as it is given."""
    if _type(resource) == "Choice":  # version 2: `oa:Choice`
        resource = _dict(resource, "default") or resource
    for service in _list(resource, "service"):
        base = _id(service)
        about = service if isinstance(service, dict) else {}  # or the address alone
        if base and not _is_static(about):
            width, height = (_number(resource, side) or _number(canvas, side) for side in ("width", "height"))
            return f"{base.rstrip('/')}/full/{_size(about, width, height)}/0/default.jpg"
    return _id(resource)


def _size(service: dict[str, Any], width: int, height: int) -> str:
    if max(width, height) > MAX_SIDE:  # `w,` and `,h` keep the proportions, in all versions
        return f"{MAX_SIDE}," if width >= height else f",{MAX_SIDE}"
    is_old = _type(service) != "ImageService3" and "/3/" not in str(service.get("@context", ""))
    return "full" if is_old else "max"  # version 2.0 knows only `full`, 2.1 both, 3 only `max`


def _is_static(service: dict[str, Any]) -> bool:
    """Tell if a service has only the sizes that it lists (compliance level 0)."""
    profile = service.get("profile")
    first = profile[0] if isinstance(profile, list) and profile else profile
    return isinstance(first, str) and ("level0" in first)


def _name(document: dict[str, Any], address: str) -> str:
    """Return a name for the folder of a document: the part of its address that tells it apart from others."""
    parts = [part for part in urlsplit(_id(document) or address).path.split("/") if part]
    while len(parts) > 1 and re.fullmatch(r"manifest(\.json)?|iiif|[23]", parts[-1]):
        parts.pop()
    return re.sub(r"\.json$", "", parts[-1]) if parts else "manifest"


def _type(value: Any) -> str:
    kind = (value.get("type") or value.get("@type") or "") if isinstance(value, dict) else ""
    return str(kind).rpartition(":")[2]  # `sc:Canvas` of version 2


def _id(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    found = (value.get("id") or value.get("@id")) if isinstance(value, dict) else None
    return found if isinstance(found, str) and "://" in found else None


def _list(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _dict(value: Any, key: str) -> dict[str, Any] | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def _number(value: Any, key: str) -> int:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, int) and found > 0 else 0
