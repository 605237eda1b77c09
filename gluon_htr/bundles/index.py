"""Index of bundles that can be fetched: a JSON file with an address, a size and a SHA-256 for each.

The index that ships lists bundles beyond the package. It names none today. Another one can be named by its address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urljoin, urlsplit

import msgspec

from .._json import decode_json
from ..errors import BundleError
from .contents import MAX_BYTES
from .schema import Name, Proportion, Task, Text, Version

SHIPPED_INDEX = Path(__file__).with_name("index.json")
SCHEMES = ("https", "http", "file")
MAX_ENTRIES = 1000
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}\Z")]  # ISO 639


class AvailableBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bundle that can be installed. The figures are those of its score card, and are not checked.

    url: of the .zip, in ASCII; one without a scheme is relative to the index. cer: of its first score card. license: an
    identifier of SPDX.
    """

    name: Name
    url: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,2000}\Z")]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    bytes: Annotated[int, msgspec.Meta(ge=1, le=MAX_BYTES)]
    task: Task
    description: Text = ""
    languages: Annotated[list[Language], msgspec.Meta(max_length=200)] = []
    cer: Proportion | None = None
    license: Annotated[str, msgspec.Meta(pattern=r"^[ -~]{0,100}\Z")] = "not stated"
    requires: Version | None = None


class _Index(msgspec.Struct, frozen=True):
    schema_version: Literal[1]
    bundles: Annotated[list[AvailableBundle], msgspec.Meta(max_length=MAX_ENTRIES)]


def parse_index(content: bytes, address: str) -> list[AvailableBundle]:
    """Parse an index, with the addresses of its bundles made absolute. address: of the index.

    An index from the web names no files of this machine. Raises `BundleError` for what is not an index.
    """
    index = decode_json(content, _Index, f"{address} is not an index of bundles", BundleError)
    found = [msgspec.structs.replace(each, url=_absolute(each, address)) for each in index.bundles]
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BundleError(f"{address} lists {', '.join(twice)} twice")
    return sorted(found, key=lambda each: each.name)


def _absolute(bundle: AvailableBundle, address: str) -> str:
    try:
        url = urljoin(address, bundle.url)
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        url = scheme = ""
    if scheme not in SCHEMES or (scheme == "file" and urlsplit(address).scheme.lower() != "file"):
        raise BundleError(f"{address}: the address of {bundle.name} is {bundle.url}, which is not one of the web")
    return url
