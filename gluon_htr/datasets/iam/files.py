"""Files of IAM in the layouts that people have.

- As downloaded: words.tgz, lines.tgz, forms*.tgz, xml.tgz and ascii.tgz, or the folders that they make.
- With words.txt, lines.txt or forms.txt beside the folder words/, or in it, instead of in ascii/.
- One folder or two above all that: iam_words/words/ and iam_words/words.txt, as on Kaggle.
- One zip or tar with everything, named as such or in an otherwise empty folder.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..._files import read_bounded
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ..files import ARCHIVES, MAX_MEMBER_BYTES, archive_members, archives_named, contents, folder_files

LEVELS = ("words", "lines", "forms")
PARTS = (*LEVELS, "xml", "ascii")
TABLES = ("words", "lines", "forms")
OTHER_NAMES = {"words_new": "words"}  # Kaggle's copy has the table of words a second time
MAX_FOLDERS = 100  # looked into, two levels deep


class IamFiles:
    """Images, XML and tables of one copy of IAM. Raises `AnnotationError` if `root` does not exist."""

    def __init__(self, root: Path) -> None:
        if not root.exists():
            raise AnnotationError(f"{root} does not exist: run gluon-htr download first")
        self.root = root
        self._folders: list[Path] = []
        self._wholes: list[Path] = []
        if root.is_file():
            self._wholes = [root]
        elif root.name in LEVELS and not any(_has(root, part) for part in PARTS):
            self._folders = [root.parent]  # the folder of images itself
        elif any(_has(root, level) for level in LEVELS):
            self._folders = [root]
        else:
            self._folders = [root, *_nested(root)]
            if not any(_has(folder, level) for folder in self._folders for level in LEVELS):
                archives = [path for path in sorted(root.iterdir()) if path.name.endswith(ARCHIVES)]
                self._wholes = [path for path in archives if not path.name.startswith(("xml", "ascii"))]

    def has(self, level: str) -> bool:
        """Test whether there are images of a level: words, lines or forms."""
        return any(_has(folder, level) for folder in self._folders) or any(
            _folder_in(archive, level) is not None for archive in self._wholes
        )

    def folder(self, level: str) -> Path | None:
        """Return the folder of the images of a level, if they are not in archives."""
        return next((folder / level for folder in self._folders if (folder / level).is_dir()), None)

    def images(self, level: str) -> Iterator[tuple[str, str | bytes]]:
        """Yield (id, path or content); from folders in order of ids, from archives in the archive's order."""
        if folder := self.folder(level):
            yield from folder_files(folder, SUFFIXES).items()
            return
        parts = next(filter(None, (archives_named(folder, level) for folder in self._folders)), [])
        for archive in parts:
            yield from archive_members(archive, SUFFIXES)
        for archive in self._wholes:
            if (inside := _folder_in(archive, level)) is not None:
                yield from archive_members(archive, SUFFIXES, inside)

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Yield (id, XML) of each form that has some."""
        yield from contents(self._folders, "xml", (".xml",))
        for archive in self._wholes:
            yield from archive_members(archive, (".xml",))

    def tables(self) -> dict[str, bytes]:
        """Return the ascii tables that there are, by name: words, lines, forms."""
        found = dict(contents(self._folders, "ascii", (".txt",)))
        for folder in self._folders:
            for place in (folder, *(folder / level for level in LEVELS)):
                for name in (*TABLES, *OTHER_NAMES):
                    if name not in found and (place / f"{name}.txt").is_file():
                        found[name] = read_bounded(place / f"{name}.txt", MAX_MEMBER_BYTES)
        for archive in self._wholes:
            for name, content in archive_members(archive, (".txt",)):
                found.setdefault(name, content)
        zips = [path for folder in self._folders for level in LEVELS for path in archives_named(folder, level)]
        for archive in [] if found else [path for path in zips if path.suffix == ".zip"]:  # a tar would be read whole
            found.update(archive_members(archive, (".txt",)))
        for other, name in OTHER_NAMES.items():
            if other in found:
                found.setdefault(name, found[other])
        return {name: found[name] for name in TABLES if name in found}


def _has(folder: Path, part: str) -> bool:
    return (folder / part).is_dir() or bool(archives_named(folder, part))


def _folder_in(archive: Path, level: str) -> str | None:
    """Return the folder of a level's images within an archive of everything: none (empty) if a zip has images without
    any such folder, None if it has no images of this level. Of a tar only reading it would tell.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [PurePosixPath(name) for name in opened.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError):  # a tar, or damaged, which reading it will tell
        return level
    images = [name.parts[:-1] for name in names if name.suffix.lower() in SUFFIXES]
    if any(level in parts for parts in images):
        return level
    return "" if images and not any(other in parts for parts in images for other in LEVELS) else None


def _nested(root: Path) -> list[Path]:
    """Return the folders up to two levels below."""
    below = _folders(root)[:MAX_FOLDERS]
    return [*below, *(path for folder in below for path in _folders(folder))][:MAX_FOLDERS]


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name not in PARTS]
    except OSError:  # not ours to look into
        return []
