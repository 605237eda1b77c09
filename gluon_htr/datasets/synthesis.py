"""Generated lines on the disk, to look at or to train on: images, and labels that `listing:` reads.

    lines/synthesis.json           what the lines are made from
    lines/labels.tsv               image TAB text TAB group, in order of the numbers
    lines/images/000/0000000.png   a thousand images a folder

A row is written once its images are there, so whoever is killed goes on behind the last row. Image k is the same for
the same plan, whoever draws it.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from .._storage import storage_error, write_atomically
from ..errors import ImageError, StorageError, UsageError
from ..images.encoding import Encoding, encode
from .fonts_trdg import by_trdg, load_trdg
from .papered import OnPaper
from .preparation import Preparer
from .sample import Problem, Sample
from .specs import Spec, open_spec

CHUNK = 32  # images a task: half a second's work
PAPER = 4  # what follows a sample's seed


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lines are made from: `synthesis.json`. paper: the share of them that is put on paper."""

    spec: str
    seed: int = 0
    paper: float = 0.0
    engine: Literal["own", "trdg"] = "own"

    def __str__(self) -> str:
        return f"lines of {self.spec} with seed {self.seed}, {self.paper:.0%} on paper, by the engine {self.engine}"


@dataclass(frozen=True)
class Written:
    """How many lines there are now, and what was left out on the way."""

    lines: int
    problems: list[Problem]


def resized(spec: Spec, count: int | None = None, seed: int | None = None) -> Spec:
    """The spec for another number of lines, or another seed, where its kind is generated; else the spec as it is."""
    if "count" not in spec.options.__struct_fields__:
        return spec
    changes = {"count": count, "seed": seed}
    options = msgspec.structs.replace(spec.options, **{key: new for key, new in changes.items() if new is not None})
    return replace(spec, options=options)


def endless(spec: Spec, seed: int | None = None) -> Iterator[Sample]:
    """Generated lines without end: the first `count` are those of the spec. Raises `UsageError` for other data."""
    if "count" not in spec.options.__struct_fields__:
        raise UsageError(f"{spec.text} is not generated, and ends: give fonts: or recomposed:")
    return iter(open_spec(resized(spec, sys.maxsize, seed)))


def synthesize(
    spec: Spec,
    output: Path,
    plan: Plan,
    preparer: Preparer,
    count: int | None = None,
    advance: Callable[[int], object] = lambda done: None,
) -> Written:
    """Writes the lines of a spec that are not there yet: all, or the first `count`.

    advance: called with the number of lines just done, those that were there included. Raises `UsageError` when
    `output` holds lines of another plan, `StorageError` when it cannot be written or holds something else,
    `MissingToolError` without what the engine needs.
    """
    if plan.engine == "trdg":
        load_trdg()
    start, rows = _begin(output, plan)
    advance(start)
    reader = open_spec(spec)
    samples = (
        (k, _planned(k, sample, plan))
        for k, sample in islice(enumerate(reader), start, max(start, count or sys.maxsize))
    )
    problems: list[Problem] = []
    for lines, failed in _drawn(samples, output, preparer):
        _append(output / "labels.tsv", lines)
        rows += len(lines)
        problems += failed
        advance(len(lines) + len(failed))
    return Written(rows, list(reader.problems) + problems)


def _begin(output: Path, plan: Plan) -> tuple[int, int]:
    """The number of the first line that is missing, and how many are there."""
    mark = output / "synthesis.json"
    if output.exists() and not output.is_dir():
        raise StorageError(f"{output} is a file, and lines are a folder: give another --output")
    if not mark.exists():
        if output.is_dir() and any(output.iterdir()):
            raise StorageError(f"{output} holds something else than generated lines: give another --output")
        write_atomically(mark, msgspec.json.format(msgspec.json.encode(plan)))
    elif (found := _plan(mark)) != plan:
        raise UsageError(f"{output} holds {found}, not {plan}: give another --output")
    return _resume(output / "labels.tsv")


def _plan(mark: Path) -> Plan | str:
    try:
        return msgspec.json.decode(mark.read_bytes(), type=Plan)
    except msgspec.MsgspecError:
        return "something else"


def _resume(labels: Path) -> tuple[int, int]:
    """Cuts off a row that was not written whole; returns the number behind the last row, and the number of rows."""
    if not labels.exists():
        return 0, 0
    with open(labels, "rb+") as file:
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
    rows = whole.splitlines()
    return (int(rows[-1].split(b"\t")[0].rpartition(b"/")[2].partition(b".")[0]) + 1 if rows else 0), len(rows)


def _planned(number: int, sample: Sample, plan: Plan) -> Sample:
    if plan.engine == "trdg":
        sample = by_trdg(sample)
    random = np.random.default_rng([plan.seed, number, PAPER])
    if random.random() < plan.paper:
        sample = replace(sample, image=OnPaper(sample.image, (plan.seed, number)))
    return sample


def _drawn(
    samples: Iterator[tuple[int, Sample]], output: Path, preparer: Preparer
) -> Iterator[tuple[list[str], list[Problem]]]:
    """Rows and problems of each chunk, in order, with a few chunks under way at a time."""
    waiting: deque[Callable[[], tuple[list[str], list[Problem]]]] = deque()
    while chunk := list(islice(samples, CHUNK)):
        waiting.append(preparer.later(_draw, chunk, output))
        if len(waiting) > 8:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()


def _draw(samples: list[tuple[int, Sample]], output: Path) -> tuple[list[str], list[Problem]]:
    """Writes the images of a chunk; runs in the workers."""
    rows, problems = [], []
    for number, sample in samples:
        name = f"images/{number // 1000:03}/{number:07}.png"
        try:
            blob = encode(sample.image(), Encoding("png"))
        except ImageError as error:
            problems.append(Problem(sample.id, str(error)))
            continue
        path = output / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(blob)
        except OSError as error:
            raise storage_error(path, error) from None
        rows.append(f"{name}\t{sample.text}\t{sample.group}\n")
    return rows, problems


def _append(labels: Path, rows: list[str]) -> None:
    try:
        with open(labels, "ab") as file:
            file.write("".join(rows).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_error(labels, error) from None
