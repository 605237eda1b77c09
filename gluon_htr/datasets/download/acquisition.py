"""Acquisition of a data set from its name to its folders: existing parts, archives of the user, files to fetch."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ..._storage import atomic_file, only_writer
from ...errors import ArchiveError, DataError, UsageError
from .archives import Advance, extract
from .catalog import Dataset, RemoteFile
from .site import Site
from .transfer import discard, fetch, verify
from .transfer import keep as keep_part

OpenProgress = Callable[[str], AbstractContextManager[Advance]]  # opens a progress bar with this label


@dataclass
class Acquired:
    """Result of an acquisition. made: folder or file → number of files in it. missing: names of files that are still
    missing. unchecked: names of files that were used without a SHA-256 to check them against.
    """

    made: dict[Path, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def missing_parts(dataset: Dataset, root: Path) -> dict[Path, list[RemoteFile]]:
    """Return the folders (or single files) of the data set that do not exist yet, with their remote files."""
    places: dict[Path, list[RemoteFile]] = {}
    for file in dataset.files:
        places.setdefault(root / (file.folder or file.name), []).append(file)
    return {place: files for place, files in places.items() if not _present(place)}


def match(archives: Sequence[Path], dataset: Dataset) -> dict[str, Path]:
    """Match archives of the user to files of the data set by name, also as browsers spell it: `words (1).tgz`.

    Raises `UsageError` for a file that does not exist or does not belong to the data set.
    """
    stems = {_stem(file.name): file.name for file in dataset.files}
    found: dict[str, Path] = {}
    for path in archives:
        if not path.is_file():
            raise UsageError(f"{path} is not a file" if path.exists() else f"{path} does not exist")
        if _stem(path.name) not in stems:
            raise UsageError(f"{path} is not a file of {dataset.name}: {', '.join(stems.values())}")
        found[stems[_stem(path.name)]] = path
    return found


def acquire(
    dataset: Dataset,
    root: Path,
    archives: Mapping[str, Path],
    site: Site | None,
    stage: OpenProgress,
    keep: bool = False,
) -> Acquired:
    """Make the missing folders of the data set below `root`.

    archives: file name → archive of the user; it is left as it is. site: None fetches nothing. keep: do not remove a
    fetched archive once it is unpacked. Raises `DownloadError`, `ArchiveError`, `StorageError`; complete parts stay,
    and a repeated call continues.
    """
    with only_writer(root, dataset.name):
        return _acquire(dataset, root, archives, site, stage, keep)


def _acquire(
    dataset: Dataset,
    root: Path,
    archives: Mapping[str, Path],
    site: Site | None,
    stage: OpenProgress,
    keep: bool,
) -> Acquired:
    result = Acquired()
    for place, files in missing_parts(dataset, root).items():
        sources = {file.name: archives.get(file.name, root / file.name) for file in files}
        absent = [file for file in files if not sources[file.name].is_file()]
        if absent and site is None:
            result.missing += [file.name for file in absent]
            continue
        fetched: list[Path] = []
        for file in files:
            target = sources[file.name]
            if file not in absent or not site:
                verify(target, file)
                continue
            with stage(file.name) as advance:
                part = fetch(site, file, target, advance)
            if keep or not file.folder:
                keep_part(part, target)
            else:
                sources[file.name] = part
                fetched.append(part)
        try:
            result.made[place] = _make(place, files[0], list(sources.values()), stage)
        except ArchiveError:  # a broken download must be fetched again
            _remove([*fetched, *(sources[file.name] for file in absent if keep and file.folder)])
            raise
        result.unchecked += [file.name for file in files if file.sha256 is None]
        _remove(fetched)
    return result


def _present(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and any(place.iterdir()))


def _stem(name: str) -> str:
    """Strip suffixes and browser counters: `words (1).tgz` → `words`."""
    return re.sub(r"( ?\(\d+\))?(\.tar)?(\.(tgz|gz|tar|zip))?$", "", name).lower()


def _make(place: Path, file: RemoteFile, sources: list[Path], stage: OpenProgress) -> int:
    """Unpack or copy; return the number of files."""
    if file.folder is None:
        _place_copy(sources[0], place)
        return 1
    with stage(f"unpacking {file.folder}") as advance:
        return extract(sources, place, file.folder, advance=advance)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        discard(path)


def _place_copy(source: Path, target: Path) -> None:
    if source == target:
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror}") from None
    with file, atomic_file(target) as copy:
        shutil.copyfileobj(file, copy)
