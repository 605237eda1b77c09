"""UNIPEN: words, lines of text and characters by many writers, as pen strokes (Guyon et al. 1994).

`unipen:data/unipen?part=text&split=train` draws the lines of a pack or of the official recordings, `part=composed` new
lines of words of one writer. The splits are by writer: the packs' own, of recordings a tenth. The group of a sample is
its writer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from ...errors import AnnotationError, MissingToolError, SpecError
from ..characters.selection import at_most
from ..problems import first_problems
from ..sample import Problem, Reader, Sample
from .composing import ComposedReader
from .packs import PenSample, evenly_spaced, read_pack
from .recordings import find_recordings, read_recordings

#: Contributors whose labels often have another case than the ink: names without capitals, or capitals throughout.
CASELESS = frozenset({"abm", "apb", "apc", "apd", "ape", "hpb", "imp", "kar", "pap", "phi", "rim"})
HELD_OUT = 10  # writers of recordings, of which one is held out; the packs have parts of their own
Part = Literal["text", "words", "characters", "composed"]


class UnipenOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of UNIPEN."""

    #: Lines of text, words or characters as they were written, or lines `composed` of words.
    part: Part = "text"
    #: By writer.
    split: Literal["train", "validation", "all"] = "all"
    #: Largest number of samples per label, drawn with a fixed seed, since word lists were copied often; 0 takes all.
    most: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: `reliable` leaves out contributors whose labels often have another case than what was written.
    case: Literal["all", "reliable"] = "all"
    #: Number of drawings of each, in different styles and pens; 0 draws the strokes once, unchanged.
    variants: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    #: Number of composed lines.
    count: Annotated[int, msgspec.Meta(ge=1)] = 10000
    #: Seed of composed lines.
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0

    @property
    def is_endless(self) -> bool:
        """Tell whether any number of samples can be drawn."""
        return self.part == "composed"


@dataclass(frozen=True)
class DrawnPen:
    """Pen strokes that are drawn when called. Can be pickled. seed: draws a style and pen; without one, the strokes are
    drawn unchanged.
    """

    strokes: tuple[np.ndarray, ...]
    seed: tuple[int, ...] = ()

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8. Raises `MissingToolError` without OpenCV."""
        try:
            from ...images.ink import PLAIN, PenStyle, render
        except ImportError:
            raise MissingToolError("drawing pen strokes needs OpenCV: pip install 'gluon-htr[train]'") from None
        strokes = [evenly_spaced(stroke) for stroke in self.strokes]
        return render(strokes, PenStyle() if self.seed else PLAIN, np.random.default_rng(self.seed or 0))


class UnipenReader:
    """Reader of the samples in the order of the pack."""

    def __init__(self, items: list[PenSample], variants: int, problems: list[Problem]) -> None:
        self.problems = problems
        self._items, self._variants = items, variants

    def __len__(self) -> int:
        return len(self._items) * max(1, self._variants)

    def __iter__(self) -> Iterator[Sample]:
        for item in self._items:
            if not self._variants:
                yield Sample(item.id, item.label, item.group, DrawnPen(item.strokes))
            for variant in range(1, self._variants + 1):
                drawn = DrawnPen(item.strokes, (variant, zlib.crc32(item.id.encode())))
                yield Sample(f"{item.id}#{variant}", item.label, item.group, drawn)


def open_unipen(root: Path, options: UnipenOptions) -> Reader:
    """Return the reader of a spec.

    Raises `AnnotationError` if `root` has no usable sample for the options, `SpecError` for a key of another part.
    """
    default, others = UnipenOptions(), ("variants",) if options.part == "composed" else ("count", "seed")
    if unused := [key for key in others if getattr(options, key) != getattr(default, key)]:
        raise SpecError(f"unipen: part={options.part} has no {unused[0]}=: leave it out")
    part = "words" if options.part == "composed" else options.part
    problems: list[Problem] = []
    items = _chosen(_items(root, part, options.split, problems), options)
    if not items:
        first = first_problems(problems) or "there is none"
        raise AnnotationError(f"{root} has no usable sample of part={part} and split={options.split}: {first}")
    if options.part == "composed":
        return ComposedReader(items, options.count, options.seed, DrawnPen, problems)
    return UnipenReader(items, options.variants, problems)


def _items(root: Path, part: str, split: str, problems: list[Problem]) -> Iterable[PenSample]:
    """Read the packs if they exist, else the recordings."""
    pack = root / f"unipen-{part}.jsonl.xz"
    if pack.is_file():
        return read_pack(pack, split, problems)
    if folder := find_recordings(root):
        items = read_recordings(folder, part, problems)
        return (item for item in items if split == "all" or is_held_out(item.group) == (split == "validation"))
    raise AnnotationError(
        f"{root} has neither {pack.name} nor UNIPEN's data/ and include/: run gluon-htr download --dataset unipen first"
    )


def is_held_out(writer: str) -> bool:
    """Test whether recordings of this writer are for validation: one writer in ten."""
    return zlib.crc32(writer.encode()) % HELD_OUT == 0


def _chosen(items: Iterable[PenSample], options: UnipenOptions) -> list[PenSample]:
    found = [item for item in items if options.case == "all" or item.contributor not in CASELESS]
    return [found[k] for k in at_most([item.label for item in found], options.most)]
