"""Images of an export: which file an address of the export is.

`download --annotations` lists what it has fetched in `images.jsonl`, beside the images. Where there is no such list,
the file has the end of the address: `scans/box 1/p.png`, `p.png`, or the name before it was uploaded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from ..._files import read_bounded
from ..._json import decoder
from ...errors import StorageError

LIST = "images.jsonl"
MAX_LIST = 256 << 20  # bytes
DEPTH = 4  # folders of an address that may be found again on disk
#: What programs put before the name of an uploaded file: Dataturks `UUID___`, Label Studio eight digits.
_UPLOADED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}___|[0-9a-f]{8}-")


class Listed(msgspec.Struct, frozen=True):
    """A fetched image: its address, and the name, size in bytes and SHA-256 of its file."""

    address: str
    name: str
    bytes: int
    sha256: str


def read_list(folder: Path) -> dict[str, Listed]:
    """Read the list of a folder: address → image. The last entry of an address counts, a damaged one does not."""
    try:
        blob = read_bounded(folder / LIST, MAX_LIST)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StorageError(f"{folder / LIST} cannot be read: {error.strerror}") from None
    result = {}
    for row in blob.splitlines():
        try:
            listed = decoder(Listed).decode(row)
        except msgspec.MsgspecError:  # the last one, if the command was killed
            continue
        if listed.name == PurePosixPath(listed.name).name and "\\" not in listed.name:
            result[listed.address] = listed
    return result


def ends(address: str) -> list[str]:
    """Return the paths that an image may have below a folder, the longest first."""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    path = parts.path if (parts.scheme and parts.netloc) or address.startswith("/data/") else address
    if "/local-files" in parts.path:  # Label Studio: /data/local-files/?d=scans/p.png
        path = parse_qs(parts.query).get("d", [path])[0]
    result = []
    for spelled in dict.fromkeys((path, unquote(path))):
        names = [name for name in re.split(r"[\\/]", spelled) if name not in ("", ".", "..") and "\0" not in name]
        result += ["/".join(names[-count:]) for count in range(min(DEPTH, len(names)), 0, -1)]
    result += [short for end in result if "/" not in end and (short := _UPLOADED.sub("", end, count=1)) != end]
    return list(dict.fromkeys(end for end in result if end))


def page_name(address: str) -> str:
    """Return the name of a page: that of its image before it was uploaded, without suffix."""
    return PurePosixPath((ends(address) or ["page"])[-1]).stem


class ImageFolders:
    """Finds the images of some addresses in folders, the first folder first.

    An end that several addresses share is not looked for: two pages must not get the same image.
    """

    def __init__(self, folders: Sequence[Path], addresses: Collection[str]) -> None:
        self._folders = [(folder, read_list(folder)) for folder in folders]
        self._shared = Counter(end for address in set(addresses) for end in ends(address))

    def find(self, address: str) -> Path | None:
        """Return the file of an address, or None."""
        return next((path for path in self._places(address) if path.is_file()), None)

    def _places(self, address: str) -> Iterator[Path]:
        for folder, listed in self._folders:
            if address in listed:
                yield folder / listed[address].name
            for end in ends(address):
                if self._shared[end] == 1:
                    yield folder / end
