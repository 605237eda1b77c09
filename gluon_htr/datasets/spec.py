"""Data specs: one string that names data everywhere, `KIND:PATH[?key=value&…][*SHARE]`.

    iam-words:data/iam?split=train
    cache:words.pkl
    iam-lines:data/iam?split=train*0.25      a quarter of the samples, drawn with a fixed seed
    records:lines.rec*4                      every sample four times an epoch
    iam-lines:data/iam?split=train&paper=7   every image on photographed paper, drawn with the seed 7
    composed:emnist:data/emnist?split=test   lines of the characters of another spec, whose keys may follow, too

`kinds.py` has the kinds; the keys are the fields of a kind's options. An unknown kind or key is an error that lists the
known ones. Values are taken literally: unlike in a URL, `+` and `%` have no special meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from ..errors import SpecError
from .kinds import KINDS
from .on_paper import OnPaperReader
from .sample import Problem, Reader, Sample

MAX_SHARE = 1000


@dataclass(frozen=True)
class Spec:
    """A parsed spec. share: average number of times that a sample is used. paper: the seed of simulated paper, if
    any. source: the spec of the samples that its own are composed of, if they are; both have one path.
    """

    text: str
    kind: str
    path: Path
    options: Any
    share: float = 1.0
    paper: int | None = None
    source: Spec | None = None


def parse_spec(text: str) -> Spec:
    """Parse a spec. Raises `SpecError` for an unknown kind, an unknown key or a bad value."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in KINDS:
        if Path(text.partition("?")[0]).exists():
            raise SpecError(f"'{text}' has no kind of data: for a list of pictures and texts write listing:{text}")
        raise SpecError(f"'{text}' names an unknown kind of data: write KIND:PATH with one of {', '.join(KINDS)}")
    share = 1.0
    if match := re.fullmatch(r"(.*)\*([0-9.]+)", rest):
        rest, share = match[1], _share(text, match[2])
    path, _, query = rest.partition("?")
    source = None
    if KINDS[kind].of_spec:
        source, query = _source(text, kind, path, query)
        path = str(source.path)
    if not path:
        raise SpecError(f"'{text}' has no path: write {kind}:PATH")
    pairs = {key: value for key, _, value in (pair.partition("=") for pair in query.split("&") if pair)}
    seed = pairs.pop("paper", None) if KINDS[kind].prepared is None else None
    paper = None if seed is None else _paper(text, seed)
    return Spec(text, kind, Path(path), _options(text, kind, pairs), share, paper, source)


def _source(text: str, kind: str, place: str, query: str) -> tuple[Spec, str]:
    """Parse the spec of a source, `emnist:data/emnist`. Returns it and those keys that are not its own."""
    inner = place.partition(":")[0]
    if ":" not in place or inner not in KINDS or KINDS[inner].of_spec or KINDS[inner].origin:
        raise SpecError(f"'{text}' has no source: write {kind}:KIND:PATH, as in {kind}:emnist:data/emnist?split=train")
    own = {*KINDS[kind].options.__struct_fields__, "paper"}
    pairs = [pair for pair in query.split("&") if pair]
    kept = [pair for pair in pairs if pair.partition("=")[0] in own]
    passed = [pair for pair in pairs if pair not in kept]
    try:
        return parse_spec(f"{place}{'?' * bool(passed)}{'&'.join(passed)}"), "&".join(kept)
    except SpecError as error:
        raise SpecError(f"{error} ({kind} knows {', '.join(KINDS[kind].options.__struct_fields__)})") from None


def _paper(text: str, value: str) -> int:
    if not value.isdecimal():
        raise SpecError(f"'{text}': paper takes a seed, a whole number, not '{value}'")
    return int(value)


def _share(text: str, value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = 0.0
    if not 0 < share <= MAX_SHARE:
        raise SpecError(f"'{text}': the share after * must be above 0 and at most {MAX_SHARE}, not {value}")
    return share


def _options(text: str, kind: str, pairs: dict[str, str]) -> msgspec.Struct:
    known = KINDS[kind].options
    unknown = [key for key in pairs if key not in known.__struct_fields__]
    if unknown:
        keys = ", ".join([*known.__struct_fields__, *["paper"] * (KINDS[kind].prepared is None)]) or "none"
        raise SpecError(f"'{text}': unknown key {', '.join(unknown)}; {kind} knows {keys}")
    kinds = get_type_hints(known, include_extras=True)
    for key, value in pairs.items():
        try:
            msgspec.convert(value, kinds[key], strict=False)
        except msgspec.ValidationError as error:
            choices = ", ".join(map(str, get_args(kinds[key]))) if get_origin(kinds[key]) is Literal else ""
            why = f"use one of {choices}" if choices else str(error)
            raise SpecError(f"'{text}': {key} cannot be '{value}': {why}") from None
    return msgspec.convert(pairs, known, strict=False)


def open_spec(spec: Spec, seed: int = 0) -> Reader:
    """Open the reader of a spec. seed: draws the samples of a share. Raises the errors of the reader."""
    reader = KINDS[spec.kind].open(open_spec(spec.source) if spec.source else spec.path, spec.options)
    if spec.paper is not None:
        reader = OnPaperReader(reader, spec.paper)
    return reader if spec.share == 1 else _RepeatingReader(reader, spec.share, seed)


def repeat_counts(count: int, share: float, seed: int) -> np.ndarray:
    """Draw how often each of `count` samples is used: (count,) int, the same for the same seed."""
    whole = int(share)
    return whole + (np.random.default_rng(seed).permutation(count) < round((share - whole) * count))


class _RepeatingReader:
    """A part of a reader's samples, or each of them several times in a row."""

    def __init__(self, reader: Reader, share: float, seed: int) -> None:
        self._reader = reader
        self._counts = repeat_counts(len(reader), share, seed)

    @property
    def problems(self) -> list[Problem]:
        return self._reader.problems

    def __len__(self) -> int:
        return int(self._counts.sum())

    def __iter__(self) -> Iterator[Sample]:
        return (sample for sample, count in zip(self._reader, self._counts) for _ in range(count))
