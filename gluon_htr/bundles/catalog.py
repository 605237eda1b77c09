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
DEFAULTS = ("english-lines", "words")  # `load()` takes the first of these that exists


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


def user_folder() -> Path:
    """Return the folder of the user's bundles: `GLUON_HTR_MODELS`, or the platform's folder for such data."""
    if given := os.environ.get("GLUON_HTR_MODELS"):
        return Path(given)
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "gluon_htr" / "models"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "gluon_htr" / "models"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "gluon_htr" / "models"


def known_bundles() -> list[BundleEntry]:
    """List all bundles, sorted by name; the user's own replace shipped ones of the same name."""
    found: dict[str, BundleEntry] = {}
    for origin, folder in (("installed", user_folder()), ("shipped", SHIPPED)):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.suffix == ".zip" or (path / DOCUMENT).is_file():
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
        f"{DEFAULTS[0]}.zip into {user_folder()}"
    )
