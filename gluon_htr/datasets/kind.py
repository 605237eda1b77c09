"""One record per kind of data: its options, its reader, the files it needs, and its terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from .origin import Origin
from .sample import Reader
from .store import Store

UNKNOWN_TERMS = "terms not stated by the exporter"


def no_set(path: Path) -> str:
    """Return an empty name: the kind stands for a single data set, or for the user's own data."""
    return ""


def no_companions(path: Path, options: Any) -> Iterator[str]:
    """Yield nothing: all data of the kind lie at its path."""
    return iter(())


def set_by_folder(*places: str) -> Callable[[Path], str]:
    """Make a function that names the sets in the folders of data/README.md.

    places: the last two folders of each path, `pages/hooker`; the set takes the name of the last one.
    """

    def set_name(path: Path) -> str:
        folder = path.parent if path.suffix else path
        return folder.name if "/".join(folder.parts[-2:]) in places else ""

    return set_name


@dataclass(frozen=True)
class Terms:
    """License terms of a kind: those of its known sets by name, and the default for all others."""

    default: str = UNKNOWN_TERMS
    sets: Mapping[str, str] = field(default_factory=dict)
    set_name: Callable[[Path], str] = no_set  # the public name of the set at a path, empty where it is not known

    def of(self, name: str) -> str:
        """Return the terms of a set; an unknown set has unknown terms."""
        return self.sets.get(name, UNKNOWN_TERMS) if name and self.sets else self.default


@dataclass(frozen=True)
class Prepared:
    """Functions of a kind that holds the output of `prepare`. Both raise `CacheError` for damaged or outdated files."""

    load: Callable[[Path], tuple[Store, Origin]]
    origin: Callable[[Path], Origin]  # without reading the samples where that is possible


@dataclass(frozen=True)
class Kind:
    """A kind of data. Its name is the key in `kinds.KINDS`."""

    options: type[msgspec.Struct]  # the keys of its specs
    open: Callable[[Any, Any], Reader]  # takes the path, or for a kind that is `of_spec` the reader of its source
    terms: Terms = Terms()
    generated: bool = False  # its samples are not real handwriting
    prepared: Prepared | None = None  # its images are preprocessed already, and cannot be put on paper
    companions: Callable[[Path, Any], Iterator[str]] = no_companions  # states of files that it needs beside its path
    of_spec: bool = False  # its samples are composed of those of another spec, `composed:KIND:PATH`
    composed_of: Callable[[Path], Origin] | None = None  # the origin of the prepared data that its samples are made of

    @property
    def origin(self) -> Callable[[Path], Origin] | None:
        """Function that finds where its samples come from, if that is other data: their terms are its terms."""
        return self.prepared.origin if self.prepared else self.composed_of

    def is_endless(self, options: msgspec.Struct) -> bool:
        """Tell whether any number of samples can be drawn: its options have a `count`, or say so."""
        return bool(getattr(options, "is_endless", "count" in self.options.__struct_fields__))


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of kinds without keys."""
