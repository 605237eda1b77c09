"""Installation of bundles from an index: fetched, compared with their SHA-256, inspected, and only then stored.

Nothing is fetched unless a user asks for it. A bundle from an index is opened as any other: it is not trusted.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .. import __version__
from .._files import read_bounded
from .._storage import only_writer, storage_error, write_atomically
from ..bundles.catalog import SHIPPED, user_folder
from ..bundles.contents import MAX_BYTES
from ..bundles.index import SHIPPED_INDEX, AvailableBundle, parse_index
from ..bundles.reader import needs_newer, read_bundle
from ..datasets.download.fetching import Fetcher
from ..errors import BundleError, DownloadError, UsageError

INDEX_VARIABLE = "GLUON_HTR_MODEL_INDEX"
MAX_INDEX = 4 << 20  # bytes


def index_address(given: str | None) -> str:
    """Return the address of the index: the one given, that of `GLUON_HTR_MODEL_INDEX`, or the one that ships."""
    address = given or os.environ.get(INDEX_VARIABLE) or SHIPPED_INDEX.as_uri()
    return address if "://" in address else Path(address).absolute().as_uri()


def available_bundles(address: str, allow_private: bool = False) -> list[AvailableBundle]:
    """Fetch an index. address: `https://…`, `file://…`, or `http://…` in a private network that is allowed.

    Raises `UsageError` for another address, `BundleError` for what is not an index, `SourceError` if it cannot be
    fetched.
    """
    scheme = urlsplit(address).scheme.lower()
    if scheme == "http" and not allow_private:
        raise UsageError(f"{address} can be altered on its way: give an index at https:// or file://")
    if scheme not in ("https", "http", "file"):
        raise UsageError(f"{address} is not an address of an index: give https:// or file://")
    return parse_index(_content(address, MAX_INDEX, allow_private), address)


def install(bundle: AvailableBundle, allow_private: bool = False) -> tuple[Path, bool]:
    """Install a bundle for this user; return its path, and whether it was not there before.

    Raises `UsageError` if its name is taken, `DownloadError` if it is not the file that the index names, `BundleError`
    if its inspection finds a fault; then nothing is stored.
    """
    if bundle.requires and needs_newer(bundle.requires):
        needs = f"{bundle.name} needs gluon_htr {bundle.requires}"
        raise UsageError(f"{needs}, and this is {__version__}: update gluon_htr")
    folder = user_folder()
    if folder is None:
        raise UsageError("this user has no home folder: name a folder for models in GLUON_HTR_MODELS")
    target = folder / f"{bundle.name}.zip"
    with only_writer(folder, bundle.name):
        refuse_shipped(bundle.name)
        if target.exists() or (folder / bundle.name).exists():
            if _is_this(target, bundle):
                return target, False
            raise UsageError(f"another {bundle.name} is installed in {folder}: remove it first")
        content = _content(bundle.url, bundle.bytes, allow_private)
        if len(content) != bundle.bytes or _digest(content) != bundle.sha256:
            raise DownloadError(f"{bundle.url} is not the file of the index: its size or SHA-256 differs")
        _inspect(bundle, content)
        write_atomically(target, content)
    return target, True


def refuse_shipped(name: str) -> None:
    """Raise `UsageError` if a bundle with this name ships, which the user's own would replace."""
    if (SHIPPED / f"{name}.zip").exists():
        raise UsageError(f"{name} ships with this version, and would be replaced by this one")


def _is_this(path: Path, bundle: AvailableBundle) -> bool:
    try:
        return path.stat().st_size == bundle.bytes and _digest(read_bounded(path, bundle.bytes)) == bundle.sha256
    except OSError:
        return False


def _inspect(bundle: AvailableBundle, content: bytes) -> None:
    """Open a bundle as any other from elsewhere. Raises `BundleError`."""
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{bundle.name}.zip"
            path.write_bytes(content)
            try:
                about = read_bundle(path).description
            except BundleError as error:
                raise BundleError(str(error).replace(str(path), bundle.url)) from None
    except OSError as error:
        raise storage_error(Path(bundle.name), error) from None
    if (about.name, about.task) != (bundle.name, bundle.task):
        raise BundleError(f"{bundle.url} is {about.name} ({about.task}), not {bundle.name} ({bundle.task})")


def _content(address: str, max_bytes: int, allow_private: bool) -> bytes:
    if urlsplit(address).scheme.lower() != "file":
        return Fetcher(allow_private=allow_private, max_bytes=max_bytes).fetch(address)
    try:
        return read_bounded(url2pathname(urlsplit(address).path), MAX_BYTES)
    except OSError as error:
        raise DownloadError(f"{address} cannot be read: {error.strerror or error}") from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
