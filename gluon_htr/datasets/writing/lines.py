"""Generated lines on disk, to look at or to train on: images, and labels that `listing:` reads.

    lines/synthesis.json           the source of the lines
    lines/labels.tsv               image TAB text TAB group, in order of the numbers
    lines/images/000/0000000.png   a thousand images per folder

A row is written once its images exist, so a killed command continues after the last row. Image k is the same for the
same plan on every machine. Existing rows are compared with the rows that would be written now, so that a font that was
added meanwhile does not make a set of two halves.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from ..._storage import storage_error
from ...errors import ImageError, UsageError
from ...images.encoding import Encoding, encode
from ..generated.trdg import by_trdg, load_trdg
from ..kinds import KINDS
from ..on_paper import OnPaper
from ..preparation import Preparer
from ..sample import Problem, Reader, Sample
from ..spec import Spec, open_spec
from .folder import Labels, SynthesisPlan, image_of, labels_of, row_of

CHUNK = 32  # images per task: half a second of work
PAPER = 4  # appended to a sample's seed


@dataclass(frozen=True)
class WrittenLines:
    """Number of lines in the folder now, and the lines that were left out."""

    lines: int
    problems: list[Problem]


def resized(spec: Spec, count: int | None = None, seed: int | None = None) -> Spec:
    """Return the spec with another number of lines or another seed, if its kind is generated; else the spec as it
    is.
    """
    if not KINDS[spec.kind].is_endless(spec.options):
        return spec
    changes = {"count": count, "seed": seed}
    options = msgspec.structs.replace(spec.options, **{key: new for key, new in changes.items() if new is not None})
    return replace(spec, options=options)


def endless(spec: Spec, seed: int | None = None) -> Iterator[Sample]:
    """Return an endless iterator over generated lines: the first `count` are those of the spec.

    Raises `UsageError` for other data.
    """
    if not KINDS[spec.kind].is_endless(spec.options):
        raise UsageError(f"{spec.text} is not generated data: give fonts:, composed: or recomposed:")
    return iter(open_spec(resized(spec, sys.maxsize, seed)))


def synthesize(
    spec: Spec,
    output: Path,
    plan: SynthesisPlan,
    preparer: Preparer,
    count: int | None = None,
    advance: Callable[[int], object] = lambda done: None,
) -> WrittenLines:
    """Write the missing lines of a spec: all, or the first `count`.

    advance: called with the number of lines just done, including existing ones. Raises the errors of `open_spec` and
    `labels_of`, and `MissingToolError` if the engine needs a package that is not installed.
    """
    if plan.engine == "trdg":
        load_trdg()
    reader = open_spec(spec)
    with labels_of(output, plan) as labels:
        advance(labels.next)
        lines, problems = len(labels.rows), list[Problem]()
        for rows, failed in _drawn(_missing(reader, labels, plan, count), output, preparer):
            labels.append(rows)
            lines += len(rows)
            problems += failed
            advance(len(rows) + len(failed))
    return WrittenLines(lines, list(reader.problems) + problems)


def _missing(reader: Reader, labels: Labels, plan: SynthesisPlan, count: int | None) -> Iterator[tuple[int, Sample]]:
    """Yield the samples to draw, with their numbers, after checking the existing ones."""
    start = labels.next
    for number, sample in islice(enumerate(reader), max(start, count or sys.maxsize)):
        if number < start:
            labels.check(number, sample)
        else:
            yield number, _planned(number, sample, plan)


def _planned(number: int, sample: Sample, plan: SynthesisPlan) -> Sample:
    if plan.engine == "trdg":
        sample = by_trdg(sample)
    random = np.random.default_rng([plan.seed, number, PAPER])
    if random.random() < plan.paper:
        sample = replace(sample, image=OnPaper(sample.image, (plan.seed, number)))
    return sample


def _drawn(
    samples: Iterator[tuple[int, Sample]], output: Path, preparer: Preparer
) -> Iterator[tuple[list[bytes], list[Problem]]]:
    """Yield rows and problems of each chunk, in order, with a few chunks in progress at a time."""
    waiting: deque[Callable[[], tuple[list[bytes], list[Problem]]]] = deque()
    while chunk := list(islice(samples, CHUNK)):
        waiting.append(preparer.later(_draw, chunk, output))
        if len(waiting) > 8:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()


def _draw(samples: list[tuple[int, Sample]], output: Path) -> tuple[list[bytes], list[Problem]]:
    """Write the images of a chunk; runs in the workers."""
    rows, problems = [], []
    for number, sample in samples:
        try:
            blob = encode(sample.image(), Encoding("png"))
        except ImageError as error:
            problems.append(Problem(sample.id, str(error)))
            continue
        path = output / image_of(number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(blob)
        except OSError as error:
            raise storage_error(path, error) from None
        rows.append(row_of(number, sample))
    return rows, problems
