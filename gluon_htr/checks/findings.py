"""A finding: what is wrong with data or with a run, how much it matters, where, and the command that fixes it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Severity = Literal["stops training", "harms", "note"]

MAX_EXAMPLES = 10
HARMFUL_SHARE = 0.01  # of the samples: fewer faulty ones hardly change a model
LOST_SHARE = 0.05  # of the samples: a training that leaves out fewer hardly misses them


class Named(Protocol):
    """What a finding is about: a sample, which also has a number, or a sample that was left out."""

    @property
    def id(self) -> str: ...


class Finding(msgspec.Struct, frozen=True):
    """A kind of fault. examples: the first samples, with what is wrong. fix: a command."""

    name: str
    severity: Severity
    count: int
    why: str
    fix: str
    examples: list[str] = []
    #: Ids of all samples concerned, and their numbers in the order of the data, as far as they were read.
    ids: list[str] = []
    numbers: list[int] = []

    @property
    def harms(self) -> bool:
        """True if training would be stopped or harmed."""
        return self.severity != "note"


def finding(
    name: str,
    places: Sequence[tuple[Named, str]],
    why: str,
    fix: str,
    total: int,
    severity: Severity | None = None,
    share: float = HARMFUL_SHARE,
) -> list[Finding]:
    """Make a finding of these samples, or none if there are none.

    places: samples, or what else has an id, with a description of each. total: number of samples. severity: without
    one, the faults harm if they have this share of the samples.
    """
    if not places:
        return []
    chosen = severity or ("harms" if len(places) >= share * total else "note")
    numbers = [number for one, _ in places if (number := getattr(one, "number", None)) is not None]
    shown = [described for _, described in places[:MAX_EXAMPLES]]
    return [Finding(name, chosen, len(places), why, fix, shown, [one.id for one, _ in places], numbers)]


def command(*words: str) -> str:
    """Join the words of a command of `gluon-htr` as a shell takes them."""
    return shlex.join(["gluon-htr", *words])
