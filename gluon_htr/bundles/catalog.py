"""Bundles by name: those that ship with the package, and those in the user's folder."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import BundleError
from .reader import read_description
from .schema import DOCUMENT, Description

SHIPPED = Path(__file__).parent / "shipped"
_DATA = {"win32": "AppData/Local", "darwin": "Library/Application Support"}  # below the home
DEFAULTS = ("latin-lines", "english-lines", "words")  # `load()` takes the first of these that exists


@dataclass(frozen=True)
class BundleEntry:
    """A bundle that can be loaded by its name, which is that of its file."""

    name: str
    path: Path
    origin: str  # `shipped` or `installed`

    def describe(self) -> Description:
        """Read its description. Raises `BundleError` if it is damaged."""
        return read_description(self.path)

    @property
    def bytes(self) -> int:
        """Its size on disk."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(file.stat().st_size for file in files if file.is_file())


def user_folder() -> Path | None:
    """Return the folder of the user's bundles: `GLUON_HTR_MODELS`, or the platform's folder for such data; None for a
    user without a home.
    """
    if given := os.environ.get("GLUON_HTR_MODELS"):
        return Path(given)
    folder = data_folder()
    return folder / "models" if folder else None


def data_folder() -> Path | None:
    """Return the platform's folder for what a user of this package keeps; None for a user without a home."""
    given = os.environ.get({"win32": "LOCALAPPDATA", "darwin": ""}.get(sys.platform, "XDG_DATA_HOME"))
    try:
        data = Path(given) if given else Path.home() / _DATA.get(sys.platform, ".local/share")
    except RuntimeError:  # neither HOME nor an entry in passwd, as in containers with a user of their own
        return None
    return data / "gluon_htr"


def own_folder() -> str:
    """Name the folder of the user's bundles, for messages."""
    folder = user_folder()
    return str(folder) if folder else "a folder that GLUON_HTR_MODELS names"


def why_not_listed() -> str:
    """Return the reason why the user's own bundles are not known; empty if they are, or if there is no such folder."""
    folder = user_folder()
    if folder is None:
        return "this user has no home folder: only models that ship are known; GLUON_HTR_MODELS can name a folder"
    try:
        _paths(folder)
    except OSError as error:
        return (
            f"{folder}: {error.strerror}: only models that ship are known, unless GLUON_HTR_MODELS names another folder"
        )
    return ""


def _paths(folder: Path) -> list[Path]:
    """Return the bundles in a folder, none if it does not exist. Raises `OSError` if it cannot be looked at."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in paths if path.suffix == ".zip" or (path / DOCUMENT).is_file()]


def known_bundles() -> list[BundleEntry]:
    """List all bundles, sorted by name; the user's own replace shipped ones of the same name."""
    found: dict[str, BundleEntry] = {}
    for origin, folder in (("installed", user_folder()), ("shipped", SHIPPED)):
        try:
            paths = _paths(folder) if folder else []
        except OSError:  # reading with a model that ships needs nothing of this folder
            continue
        for path in paths:
            name = path.name.removesuffix(".zip")
            found.setdefault(name, BundleEntry(name, path, origin))
    return [found[name] for name in sorted(found)]


def find_bundle(name: str) -> Path | None:
    """Return the path of a shipped or installed bundle; None if there is none."""
    return next((entry.path for entry in known_bundles() if entry.name == name), None)


def default_bundle() -> Path:
    """Return the path of the default bundle. Raises `BundleError` if there is none."""
    for name in DEFAULTS:
        if path := find_bundle(name):
            return path
    raise BundleError(
        f"no model ships with this version: give --model a bundle or a run, or put a bundle named "
        f"{DEFAULTS[0]}.zip into {own_folder()}"
    )
