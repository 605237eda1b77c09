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
            _zip_has(archive, level) for archive in self._wholes
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
            yield from archive_members(archive, SUFFIXES, inside=level)

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
        for other, name in OTHER_NAMES.items():
            if other in found:
                found.setdefault(name, found[other])
        return {name: found[name] for name in TABLES if name in found}


def _has(folder: Path, part: str) -> bool:
    return (folder / part).is_dir() or bool(archives_named(folder, part))


def _zip_has(archive: Path, level: str) -> bool:
    """Test whether an archive has images of a level. Of a tar only reading it would tell: it may have."""
    if not zipfile.is_zipfile(archive):
        return True
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [PurePosixPath(name) for name in opened.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError):  # reading it will tell
        return True
    return any(level in name.parts[:-1] and name.suffix.lower() in SUFFIXES for name in names)


def _nested(root: Path) -> list[Path]:
    """Return the folders up to two levels below."""
    below = [path for path in sorted(root.iterdir()) if path.is_dir() and path.name not in PARTS][:MAX_FOLDERS]
    deeper = [path for folder in below for path in sorted(folder.iterdir()) if path.is_dir() and path.name not in PARTS]
    return (below + deeper)[:MAX_FOLDERS]
